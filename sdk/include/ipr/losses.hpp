// ipr/losses.hpp: parts of which losses are made, with their gradients by hand. Header only; for optimizers.
//
//   const PairRows rows = sort_pairs(batch, "my-optimizer");
//   const PairGap gap = pair_gap(PairTensors(batch), sides, beta);          // -log sigmoid(beta Delta) and its pull
//
//   Delta = (log p(w) - log ref(w)) - (log p(l) - log ref(l))               sums over the agent's tokens of each side
//
// No function divides by the rows it sees: token_mean_loss divides by the totals of the step, and all other means are
// the caller's, by `total` (ipr/batch.hpp). Nothing is kept between calls.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ipr/batch.hpp"

namespace ipr::sdk {

// -log sigmoid(s), exact for large |s|.
inline double negative_log_sigmoid(double s) {
  return std::log1p(std::exp(-std::abs(s))) + (s < 0 ? -s : 0);
}

// sigmoid(-s): minus the slope of the function above.
inline double sigmoid_of_minus(double s) {
  if (s < 0) return 1 / (1 + std::exp(s));
  const double e = std::exp(-s);
  return e / (1 + e);
}

// 1 / the number of something, 0 where there is none.
inline double inverse(std::uint64_t count) {
  return count == 0 ? 0 : 1 / static_cast<double>(count);
}

inline double log_likelihood(const Matrix<const float>& logp, const Matrix<const float>& mask, std::size_t row) {
  double sum = 0;
  for (std::size_t t = 0; t < logp.columns(); ++t) sum += static_cast<double>(mask.at(row, t)) * logp.at(row, t);
  return sum;
}

// Adds `slope` per unit of mask: the gradient of slope * log_likelihood.
inline void add_gradient(const Matrix<float>& gradient, const Matrix<const float>& mask, std::size_t row,
                         double slope) {
  for (std::size_t t = 0; t < mask.columns(); ++t) {
    gradient.at(row, t) += static_cast<float>(slope * static_cast<double>(mask.at(row, t)));
  }
}

// Tags of rows: those of `ipr-host train` on pairs from a file, too (docs/plugins.md).
enum RowTag : std::uint32_t { kTagOutcome = 0, kTagStep = 1, kTagAnchor = 2 };

// The rows of a batch by meaning, in an order of their own: floating-point sums must not depend on the rows' order.
struct PairRows {
  struct Sides {
    std::optional<std::size_t> chosen, rejected;  // both set
  };
  std::map<std::pair<std::uint32_t, std::uint64_t>, Sides> pairs;  // (tag, group)
  std::multimap<std::uint64_t, std::size_t> anchors;               // by group
};

// Throws Failure (IPR_INVALID_ARGUMENT) where a pair lacks a side or has two of one, or where a row's tag and role are
// neither a pair's nor an anchor's. `who` begins the message: the plugin's id.
inline PairRows sort_pairs(const ipr_batch& batch, const std::string& who) {
  PairRows rows;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const std::uint32_t tag = batch.tag[row], role = batch.role[row];
    if (tag == kTagAnchor && role == IPR_ROLE_PLAIN) {
      rows.anchors.emplace(batch.group[row], row);
    } else if (tag <= kTagStep && (role == IPR_ROLE_CHOSEN || role == IPR_ROLE_REJECTED)) {
      PairRows::Sides& sides = rows.pairs[{tag, batch.group[row]}];
      std::optional<std::size_t>& side = role == IPR_ROLE_CHOSEN ? sides.chosen : sides.rejected;
      if (side) {
        throw Failure(IPR_INVALID_ARGUMENT,
                      who + ": group " + std::to_string(batch.group[row]) + " holds two rows of one side");
      }
      side = row;
    } else {
      throw Failure(IPR_INVALID_ARGUMENT, who + ": row " + std::to_string(row) + " has tag " + std::to_string(tag) +
                                              " and role " + std::to_string(role) + ", which is no pair and no anchor");
    }
  }
  for (const auto& [name, sides] : rows.pairs) {
    if (!sides.chosen || !sides.rejected) {
      throw Failure(IPR_INVALID_ARGUMENT, who + ": the pair of group " + std::to_string(name.second) + " has no " +
                                              (sides.chosen ? "rejected" : "chosen") + " row: pairs must not be torn");
    }
  }
  return rows;
}

// The tensors of a batch that has reference log-probabilities.
struct PairTensors {
  explicit PairTensors(const ipr_batch& batch)
      : logp(*batch.logp), reference(*batch.ref_logp), mask(*batch.mask), gradient(*batch.d_logp) {}
  Matrix<const float> logp, reference, mask;
  Matrix<float> gradient;
};

// DPO of one pair.
struct PairGap {
  double chosen = 0;  // log-likelihood of the winner
  double delta = 0;
  double loss = 0;  // -log sigmoid(beta Delta)
  double pull = 0;  // sigmoid(-beta Delta): the loss falls by beta pull per unit of Delta
};

inline PairGap pair_gap(const PairTensors& tensors, const PairRows::Sides& sides, double beta) {
  const std::size_t w = *sides.chosen, l = *sides.rejected;
  PairGap gap;
  gap.chosen = log_likelihood(tensors.logp, tensors.mask, w);
  gap.delta = (gap.chosen - log_likelihood(tensors.reference, tensors.mask, w)) -
              (log_likelihood(tensors.logp, tensors.mask, l) - log_likelihood(tensors.reference, tensors.mask, l));
  gap.loss = negative_log_sigmoid(beta * gap.delta);
  gap.pull = sigmoid_of_minus(beta * gap.delta);
  return gap;
}

// The agent's tokens of the whole optimizer step, of every tag and role.
inline double step_tokens(const ipr_batch& batch) {
  double tokens = 0;
  for (std::size_t i = 0; i < batch.total_count; ++i) tokens += static_cast<double>(batch.totals[i].tokens);
  return tokens;
}

// Cross entropy of all rows, averaged over the agent's tokens of the whole step (of every tag and role):
//
//   L = - sum_tokens mask * weight * log p(token) / N
//
// Writes the gradient. The mask may be between 0 and 1 on tokens that are not the agent's; N counts the agent's only.
inline double token_mean_loss(ipr_batch& batch) {
  const double tokens = step_tokens(batch);
  if (batch.rows == 0 || tokens == 0) return 0;
  const Matrix<const float> logp(*batch.logp), mask(*batch.mask);
  const Matrix<float> gradient(*batch.d_logp);
  double sum = 0;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const double share = batch.weight[row] / tokens;
    for (std::size_t t = 0; t < batch.tokens; ++t) {
      sum -= share * mask.at(row, t) * logp.at(row, t);
      gradient.at(row, t) = static_cast<float>(-share * mask.at(row, t));
    }
  }
  return sum;
}

}  // namespace ipr::sdk
