// The mixture loss (paper, equations 7 to 10) on one batch, with its gradient by hand.
//
//   Delta = (log p(w) - log ref(w)) - (log p(l) - log ref(l))           sums over the agent's tokens of each side
//   DPO   = -log sigmoid(beta Delta)
//   L     = dpo_weight [outcome_weight mean over D_t DPO + step_weight mean over D_s DPO]
//           + sft_weight SFT + anchor_weight ANCHOR
//
// SFT is the negative log-likelihood of winners, ANCHOR that of whole good trajectories (token mean). Every mean
// divides by the totals of the optimizer step, so the parts of a step may be passed one by one and added up; only a
// pair must not be torn. A row's weight multiplies its share, the divisors count rows and tokens without weights.
#pragma once

#include "ipr/losses.hpp"

namespace ipr_optimizer {

struct LossSettings {
  double beta = 0.1;
  double dpo_weight = 1, sft_weight = 1, anchor_weight = 0;
  bool pooled = false;         // one mean over D_t and D_s together, as the released code has it: of weighted losses
  bool sft_over_all = true;    // SFT on the winners of D_t and D_s; else of D_t only
  bool sft_token_mean = true;  // SFT divided by the winners' tokens; else by their number: a sum over tokens
  double outcome_weight = 1, step_weight = 1;  // of the DPO of each kind, on top of dpo_weight
};

using ipr::sdk::kTagAnchor;
using ipr::sdk::kTagOutcome;
using ipr::sdk::kTagStep;
using ipr::sdk::RowTag;

// Shares of this batch in the means of the whole step; o_dpo to anchor are not yet weighted.
struct LossTerms {
  double total = 0;
  double o_dpo = 0, s_dpo = 0;  // mean over its own set, whatever `pooled` says
  double sft = 0, anchor = 0;
  double margin_accuracy = 0;  // pairs of either kind with Delta > 0
  double chosen_logp = 0;      // log-likelihood of a winner
};

// Adds dL/dlogp to batch.d_logp. The value does not depend on the order of the rows. Throws Failure
// (IPR_INVALID_ARGUMENT) where a pair lacks a side or a row's tag and role are none of the above.
[[nodiscard]] LossTerms mixture_loss(ipr_batch& batch, const LossSettings& settings);

}  // namespace ipr_optimizer
