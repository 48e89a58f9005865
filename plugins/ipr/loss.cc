#include "loss.h"

namespace ipr_optimizer {
namespace {

using ipr::sdk::add_gradient;
using ipr::sdk::inverse;

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
  const ipr::sdk::PairRows rows = ipr::sdk::sort_pairs(batch, "ipr");
  const Shares shares = shares_of(batch, settings);
  const ipr::sdk::PairTensors tensors(batch);
  double dpo = 0;
  for (const auto& [name, sides] : rows.pairs) {
    const std::uint32_t tag = name.first;
    const double weight = batch.weight[*sides.chosen];
    const ipr::sdk::PairGap gap = ipr::sdk::pair_gap(tensors, sides, settings.beta);
    const double pair_loss = weight * gap.loss;
    dpo += shares.dpo[tag] * pair_loss;
    (tag == kTagOutcome ? terms.o_dpo : terms.s_dpo) += shares.set[tag] * pair_loss;
    terms.sft -= shares.sft[tag] * weight * gap.chosen;
    terms.margin_accuracy += gap.delta > 0 ? shares.pooled : 0;
    terms.chosen_logp += shares.pooled * gap.chosen;
    const double push = settings.dpo_weight * shares.dpo[tag] * weight * settings.beta * gap.pull;
    add_gradient(tensors.gradient, tensors.mask, *sides.chosen, -push - settings.sft_weight * shares.sft[tag] * weight);
    add_gradient(tensors.gradient, tensors.mask, *sides.rejected, push);
  }
  for (const auto& [group, row] : rows.anchors) {
    terms.anchor -= shares.anchor * batch.weight[row] * ipr::sdk::log_likelihood(tensors.logp, tensors.mask, row);
    add_gradient(tensors.gradient, tensors.mask, row, -settings.anchor_weight * shares.anchor * batch.weight[row]);
  }
  terms.total = settings.dpo_weight * dpo + settings.sft_weight * terms.sft + settings.anchor_weight * terms.anchor;
  return terms;
}

}  // namespace ipr_optimizer
