#include "loss.h"

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace ipr_optimizer {
namespace {

using ipr::sdk::Failure;
using ipr::sdk::Matrix;

// -log sigmoid(s), exact for large |s|.
double softplus_of_minus(double s) {
  return std::log1p(std::exp(-std::abs(s))) + (s < 0 ? -s : 0);
}

// sigmoid(-s)
double sigmoid_of_minus(double s) {
  if (s < 0) return 1 / (1 + std::exp(s));
  const double e = std::exp(-s);
  return e / (1 + e);
}

// The rows of a batch by meaning, in an order of their own: floating-point sums must not depend on the rows' order.
struct Rows {
  struct Sides {
    std::optional<std::size_t> chosen, rejected;
  };
  std::map<std::pair<std::uint32_t, std::uint64_t>, Sides> pairs;  // (tag, group)
  std::multimap<std::uint64_t, std::size_t> anchors;               // by group
};

Rows sort_rows(const ipr_batch& batch) {
  Rows rows;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const std::uint32_t tag = batch.tag[row], role = batch.role[row];
    if (tag == kTagAnchor && role == IPR_ROLE_PLAIN) {
      rows.anchors.emplace(batch.group[row], row);
    } else if (tag <= kTagStep && (role == IPR_ROLE_CHOSEN || role == IPR_ROLE_REJECTED)) {
      Rows::Sides& sides = rows.pairs[{tag, batch.group[row]}];
      std::optional<std::size_t>& side = role == IPR_ROLE_CHOSEN ? sides.chosen : sides.rejected;
      if (side) {
        throw Failure(IPR_INVALID_ARGUMENT,
                      "ipr: group " + std::to_string(batch.group[row]) + " holds two rows of one side");
      }
      side = row;
    } else {
      throw Failure(IPR_INVALID_ARGUMENT, "ipr: row " + std::to_string(row) + " has tag " + std::to_string(tag) +
                                              " and role " + std::to_string(role) + ", which is no pair and no anchor");
    }
  }
  for (const auto& [name, sides] : rows.pairs) {
    if (!sides.chosen || !sides.rejected) {
      throw Failure(IPR_INVALID_ARGUMENT, "ipr: the pair of group " + std::to_string(name.second) + " has no " +
                                              (sides.chosen ? "rejected" : "chosen") + " row: pairs must not be torn");
    }
  }
  return rows;
}

double log_likelihood(const Matrix<const float>& logp, const Matrix<const float>& mask, std::size_t row) {
  double sum = 0;
  for (std::size_t t = 0; t < logp.columns(); ++t) sum += static_cast<double>(mask.at(row, t)) * logp.at(row, t);
  return sum;
}

void add_gradient(const Matrix<float>& gradient, const Matrix<const float>& mask, std::size_t row, double slope) {
  for (std::size_t t = 0; t < mask.columns(); ++t) {
    gradient.at(row, t) += static_cast<float>(slope * static_cast<double>(mask.at(row, t)));
  }
}

// 1 / the number of something, 0 where there is none.
double inverse(std::uint64_t count) {
  return count == 0 ? 0 : 1 / static_cast<double>(count);
}

// What one pair or token weighs in each mean of the step.
struct Shares {
  double set[2];  // a pair, in the mean of its own set
  double pooled;  // a pair, in the mean over both sets
  double dpo[2];  // a pair, in the loss
  double sft[2];  // a winner's log-likelihood, in the SFT term
  double anchor;  // an anchor's log-likelihood
};

Shares shares_of(const ipr_batch& batch, const LossSettings& settings) {
  const ipr_total outcome = ipr::sdk::total(batch, kTagOutcome, IPR_ROLE_CHOSEN);
  const ipr_total step = ipr::sdk::total(batch, kTagStep, IPR_ROLE_CHOSEN);
  Shares shares{};
  shares.set[kTagOutcome] = inverse(outcome.groups);
  shares.set[kTagStep] = inverse(step.groups);
  shares.pooled = inverse(outcome.groups + step.groups);
  const double weight[2] = {settings.outcome_weight, settings.step_weight};
  for (const RowTag tag : {kTagOutcome, kTagStep})
    shares.dpo[tag] = weight[tag] * (settings.pooled ? shares.pooled : shares.set[tag]);
  if (settings.sft_over_all) {
    const double share = settings.sft_token_mean ? inverse(outcome.tokens + step.tokens) : shares.pooled;
    shares.sft[kTagOutcome] = shares.sft[kTagStep] = share;
  } else {
    shares.sft[kTagOutcome] = settings.sft_token_mean ? inverse(outcome.tokens) : shares.set[kTagOutcome];
  }
  shares.anchor = inverse(ipr::sdk::total(batch, kTagAnchor, IPR_ROLE_PLAIN).tokens);
  return shares;
}

}  // namespace

LossTerms mixture_loss(ipr_batch& batch, const LossSettings& settings) {
  LossTerms terms;
  if (batch.rows == 0) return terms;
  const Rows rows = sort_rows(batch);
  const Shares shares = shares_of(batch, settings);
  const Matrix<const float> logp(*batch.logp), reference(*batch.ref_logp), mask(*batch.mask);
  const Matrix<float> gradient(*batch.d_logp);
  double dpo = 0;
  for (const auto& [name, sides] : rows.pairs) {
    const std::uint32_t tag = name.first;
    const std::size_t w = *sides.chosen, l = *sides.rejected;
    const double weight = batch.weight[w];
    const double chosen = log_likelihood(logp, mask, w);
    const double delta = (chosen - log_likelihood(reference, mask, w)) -
                         (log_likelihood(logp, mask, l) - log_likelihood(reference, mask, l));
    const double scaled = settings.beta * delta;
    const double pair_loss = weight * softplus_of_minus(scaled);
    dpo += shares.dpo[tag] * pair_loss;
    (tag == kTagOutcome ? terms.o_dpo : terms.s_dpo) += shares.set[tag] * pair_loss;
    terms.sft -= shares.sft[tag] * weight * chosen;
    terms.margin_accuracy += delta > 0 ? shares.pooled : 0;
    terms.chosen_logp += shares.pooled * chosen;
    // d(-log sigmoid(beta Delta))/dDelta = -beta sigmoid(-beta Delta)
    const double push = settings.dpo_weight * shares.dpo[tag] * weight * settings.beta * sigmoid_of_minus(scaled);
    add_gradient(gradient, mask, w, -push - settings.sft_weight * shares.sft[tag] * weight);
    add_gradient(gradient, mask, l, push);
  }
  for (const auto& [group, row] : rows.anchors) {
    terms.anchor -= shares.anchor * batch.weight[row] * log_likelihood(logp, mask, row);
    add_gradient(gradient, mask, row, -settings.anchor_weight * shares.anchor * batch.weight[row]);
  }
  terms.total = settings.dpo_weight * dpo + settings.sft_weight * terms.sft + settings.anchor_weight * terms.anchor;
  return terms;
}

}  // namespace ipr_optimizer
