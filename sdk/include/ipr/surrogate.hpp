// ipr/surrogate.hpp: the clipped surrogate of PPO, with its gradient by hand. Header only; for optimizers.
//
//   L = sum_tokens (- min(r A, clip(r, 1 - eps, 1 + eps) A) + c (q - 1 - log q)) / N
//   r = p(token) / p_old(token)        q = p_ref(token) / p(token)
//
// A is the token's advantage, N the agent's tokens of the whole optimizer step. p_old is the policy as the stage began,
// which is the one that spoke where `train.init` is `previous`. The term with c holds the policy near the reference
// (GRPO's estimate of the KL divergence, never negative); where c is 0 no reference is needed. PPO pays its distance to
// the reference as a reward instead: `kl_rewards`. Nothing is kept between calls.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ipr/losses.hpp"

namespace ipr::sdk {

struct Surrogate {
  double clip = 0.2;  // eps
  double kl = 0;      // c
};

// What the loss of an optimizer with this `kl` (either use of it) needs.
inline std::uint32_t surrogate_needs(double kl) {
  return IPR_NEED_LOGP | IPR_NEED_OLD_LOGP | (kl > 0 ? IPR_NEED_REF_LOGP : 0U);
}

struct SurrogateTerms {  // shares of this batch in the step's means
  double loss = 0;
  double clipped = 0;     // tokens that no longer pull
  double divergence = 0;  // of the policy from p_old: mean of r - 1 - log r, never negative
  double kl = 0;          // mean of q - 1 - log q, whatever c is; 0 where the batch has no reference
};

// The turn of each token of a row, -1 outside the agent's.
inline std::vector<std::int32_t> turns_of(const ipr_batch& batch, std::size_t row) {
  const Matrix<const std::int32_t> turn(*batch.turn);
  std::vector<std::int32_t> turns;
  for (std::size_t t = 0; t < batch.tokens; ++t) turns.push_back(turn.at(row, t));
  return turns;
}

// The log-probs under the policy as the stage began; throws Failure (IPR_INVALID_ARGUMENT) where the batch has none.
inline Matrix<const float> old_of(const ipr_batch& batch, const std::string& who) {
  if (batch.old_logp == nullptr) throw Failure(IPR_INVALID_ARGUMENT, who + ": the batch has no old_logp");
  return Matrix<const float>(*batch.old_logp);
}

// The reference log-probs; throws Failure (IPR_INVALID_ARGUMENT) where the batch has none.
inline Matrix<const float> reference_of(const ipr_batch& batch, const std::string& who) {
  if (batch.ref_logp == nullptr) {
    throw Failure(IPR_INVALID_ARGUMENT,
                  who + ": kl holds the policy near a reference: set train.reference=base, or kl=0");
  }
  return Matrix<const float>(*batch.ref_logp);
}

// What each token of a row is paid for being no likelier to the policy that spoke than to the reference:
// -coefficient * log(p_old / p_ref). 0 outside the agent's tokens; empty where the coefficient is 0.
inline std::vector<double> kl_rewards(const ipr_batch& batch, std::size_t row, double coefficient,
                                      const std::string& who) {
  std::vector<double> rewards;
  if (coefficient == 0) return rewards;
  const Matrix<const float> old = old_of(batch, who), reference = reference_of(batch, who);
  for (const std::int32_t turn : turns_of(batch, row)) {
    const std::size_t t = rewards.size();
    rewards.push_back(turn < 0 ? 0 : -coefficient * (static_cast<double>(old.at(row, t)) - reference.at(row, t)));
  }
  return rewards;
}

// `advantages(row)` returns one number per token; those outside the agent's tokens are not read. A row's weight
// multiplies its share. `who` begins the message of a Failure.
template <typename Advantages>
SurrogateTerms clipped_surrogate(ipr_batch& batch, const Surrogate& rules, const std::string& who,
                                 const Advantages& advantages) {
  SurrogateTerms terms;
  const double tokens = step_tokens(batch);
  if (batch.rows == 0 || tokens == 0) return terms;
  const Matrix<const float> logp(*batch.logp), old = old_of(batch, who), mask(*batch.mask);
  const bool compared = rules.kl > 0 || batch.ref_logp != nullptr;
  const Matrix<const float> reference = compared ? reference_of(batch, who) : old;
  const Matrix<float> gradient(*batch.d_logp);
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const std::vector<std::int32_t> turns = turns_of(batch, row);
    const std::vector<double> advantage = advantages(row);
    for (std::size_t t = 0; t < batch.tokens; ++t) {
      if (turns[t] < 0 || mask.at(row, t) == 0) continue;
      const double share = batch.weight[row] * mask.at(row, t) / tokens, here = logp.at(row, t);
      const double log_ratio = here - old.at(row, t), ratio = std::exp(log_ratio);
      const double pull = ratio * advantage[t];
      const double bound = std::clamp(ratio, 1 - rules.clip, 1 + rules.clip) * advantage[t];
      terms.loss -= share * std::min(pull, bound);
      terms.divergence += share * (ratio - 1 - log_ratio);
      double slope = 0;
      if (bound < pull) {
        terms.clipped += share;
      } else {
        slope = -pull;
      }
      if (compared) {
        const double log_q = reference.at(row, t) - here, q = std::exp(log_q);
        terms.kl += share * (q - 1 - log_q);
        terms.loss += share * rules.kl * (q - 1 - log_q);
        slope += rules.kl * (1 - q);
      }
      gradient.at(row, t) = static_cast<float>(share * slope);
    }
  }
  return terms;
}

}  // namespace ipr::sdk
