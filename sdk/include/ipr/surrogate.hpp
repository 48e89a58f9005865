// ipr/surrogate.hpp: the clipped surrogate of PPO, with its gradient by hand. Header only; for optimizers.
//
//   L = - sum_tokens min(r A, clip(r, 1 - eps, 1 + eps) A) / N        r = p(token) / p_old(token)
//
// A is the token's advantage, N the agent's tokens of the whole optimizer step. p_old is the policy that spoke: the
// batch's reference, where `train.reference` is `previous`. Nothing is kept between calls.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ipr/losses.hpp"

namespace ipr::sdk {

struct SurrogateTerms {  // shares of this batch in the step's means
  double loss = 0;
  double clipped = 0;     // tokens that no longer pull
  double divergence = 0;  // of the policy from p_old: mean of r - 1 - log r, never negative
};

// The turn of each token of a row, -1 outside the agent's.
inline std::vector<std::int32_t> turns_of(const ipr_batch& batch, std::size_t row) {
  const Matrix<const std::int32_t> turn(*batch.turn);
  std::vector<std::int32_t> turns;
  for (std::size_t t = 0; t < batch.tokens; ++t) turns.push_back(turn.at(row, t));
  return turns;
}

// `advantages(row)` returns one number per token; those outside the agent's tokens are not read. A row's weight
// multiplies its share. Throws Failure (IPR_INVALID_ARGUMENT) where the batch has no p_old; `who` begins the message.
template <typename Advantages>
SurrogateTerms clipped_surrogate(ipr_batch& batch, double epsilon, const std::string& who,
                                 const Advantages& advantages) {
  SurrogateTerms terms;
  const double tokens = step_tokens(batch);
  if (batch.rows == 0 || tokens == 0) return terms;
  if (batch.ref_logp == nullptr) {
    throw Failure(IPR_INVALID_ARGUMENT, who + ": the loss needs the policy that played: set train.reference=previous");
  }
  const Matrix<const float> logp(*batch.logp), old(*batch.ref_logp), mask(*batch.mask);
  const Matrix<float> gradient(*batch.d_logp);
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const std::vector<std::int32_t> turns = turns_of(batch, row);
    const std::vector<double> advantage = advantages(row);
    for (std::size_t t = 0; t < batch.tokens; ++t) {
      if (turns[t] < 0 || mask.at(row, t) == 0) continue;
      const double share = batch.weight[row] * mask.at(row, t) / tokens;
      const double log_ratio = static_cast<double>(logp.at(row, t)) - old.at(row, t), ratio = std::exp(log_ratio);
      const double pull = ratio * advantage[t];
      const double bound = std::clamp(ratio, 1 - epsilon, 1 + epsilon) * advantage[t];
      terms.loss -= share * std::min(pull, bound);
      terms.divergence += share * (ratio - 1 - log_ratio);
      if (bound < pull) {
        terms.clipped += share;
      } else {
        gradient.at(row, t) = static_cast<float>(-share * pull);
      }
    }
  }
  return terms;
}

}  // namespace ipr::sdk
