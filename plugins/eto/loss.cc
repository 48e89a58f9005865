#include "loss.h"

namespace eto_optimizer {

LossTerms contrast_loss(ipr_batch& batch, const LossSettings& settings) {
  using namespace ipr::sdk;
  LossTerms terms;
  if (batch.rows == 0) return terms;
  const PairRows rows = sort_pairs(batch, "eto");
  const ipr_total outcome = total(batch, kTagOutcome, IPR_ROLE_CHOSEN), step = total(batch, kTagStep, IPR_ROLE_CHOSEN);
  const double per_pair = inverse(outcome.groups + step.groups);
  const double per_token = inverse(outcome.tokens + step.tokens);
  const double per_anchor_token = inverse(total(batch, kTagAnchor, IPR_ROLE_PLAIN).tokens);
  const PairTensors tensors(batch);
  for (const auto& [name, sides] : rows.pairs) {
    const double weight = batch.weight[*sides.chosen];
    const PairGap gap = pair_gap(tensors, sides, settings.beta);
    terms.dpo += per_pair * weight * gap.loss;
    terms.sft -= per_token * weight * gap.chosen;
    terms.margin_accuracy += gap.delta > 0 ? per_pair : 0;
    terms.chosen_logp += per_pair * gap.chosen;
    const double push = settings.dpo_weight * per_pair * weight * settings.beta * gap.pull;
    add_gradient(tensors.gradient, tensors.mask, *sides.chosen, -push - settings.sft_weight * per_token * weight);
    add_gradient(tensors.gradient, tensors.mask, *sides.rejected, push);
  }
  for (const auto& [group, row] : rows.anchors) {
    const double share = per_anchor_token * batch.weight[row];
    terms.anchor -= share * log_likelihood(tensors.logp, tensors.mask, row);
    add_gradient(tensors.gradient, tensors.mask, row, -settings.anchor_weight * share);
  }
  terms.total =
      settings.dpo_weight * terms.dpo + settings.sft_weight * terms.sft + settings.anchor_weight * terms.anchor;
  return terms;
}

}  // namespace eto_optimizer
