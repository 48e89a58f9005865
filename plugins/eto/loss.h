// The loss of contrastive pairs on one batch, with its gradient by hand.
//
//   L = dpo_weight mean -log sigmoid(beta Delta) + sft_weight SFT + anchor_weight ANCHOR
//
// SFT and ANCHOR are token means of the negative log-likelihood of the winners and of whole good trajectories; the
// method itself has neither. Every mean divides by the totals of the optimizer step, so the parts of a step may be
// passed one by one and added up; only a pair must not be torn. A row's weight multiplies its share.
#pragma once

#include "ipr/losses.hpp"

namespace eto_optimizer {

struct LossSettings {
  double beta = 0.1;
  double dpo_weight = 1, sft_weight = 0, anchor_weight = 0;
};

// Shares of this batch in the means of the whole step; dpo, sft and anchor are not yet weighted.
struct LossTerms {
  double total = 0;
  double dpo = 0, sft = 0, anchor = 0;
  double margin_accuracy = 0;  // pairs with Delta > 0
  double chosen_logp = 0;      // log-likelihood of a winner
};

// Adds dL/dlogp to batch.d_logp. Step pairs from a file (tag 1) count as pairs like any other. The value does not
// depend on the order of the rows. Throws Failure (IPR_INVALID_ARGUMENT) where a pair lacks a side or a row is neither
// a pair's nor an anchor.
[[nodiscard]] LossTerms contrast_loss(ipr_batch& batch, const LossSettings& settings);

}  // namespace eto_optimizer
