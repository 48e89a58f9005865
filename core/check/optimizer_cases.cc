// What an optimizer's loss must do: exact gradients, and the same answer however the rows are cut or ordered.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/rng.h"
#include "core/check/cases.h"
#include "core/check/loss_call.h"

namespace ipr::check {
namespace {

Outcome gradient_by_differences(const Subject& subject) {
  IPR_NEED(const auto instance, make_instance(subject));
  IPR_NEED(const Form form, wanted_form(*instance));
  for (std::uint64_t round = 0; round < 4; ++round) {
    std::vector<RowSpec> rows = make_rows(mix(subject.seed, 11, round), form);
    const std::vector<ipr_total> totals = totals_of(rows);
    IPR_NEED(const LossAnswer answer, call_loss(*instance, rows, totals));
    IPR_EXPECT(std::isfinite(answer.loss), "the loss is no number");
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t t = 0; t < kTokens; ++t) {
        const float kept = rows[r].output[t];
        constexpr float kStep = 1.0F / 256;
        rows[r].output[t] = kept + kStep;
        IPR_NEED(const LossAnswer above, call_loss(*instance, rows, totals));
        rows[r].output[t] = kept - kStep;
        IPR_NEED(const LossAnswer below, call_loss(*instance, rows, totals));
        rows[r].output[t] = kept;
        // Where the loss has a kink (a clip), every slope between those of its two sides is right.
        const double slopes[] = {(answer.loss - below.loss) / kStep, (above.loss - answer.loss) / kStep};
        const auto [least, most] = std::minmax(slopes[0], slopes[1]);
        const double given = answer.gradient[r][t], slack = 2e-4 * std::max({1.0, std::abs(least), std::abs(most)});
        IPR_EXPECT(given >= least - slack && given <= most + slack,
                   "row " + std::to_string(r) + ", token " + std::to_string(t) + ": the gradient is " +
                       std::to_string(given) + ", differences say " + std::to_string((slopes[0] + slopes[1]) / 2));
      }
    }
  }
  return passed();
}

Outcome microbatch_invariant(const Subject& subject) {
  IPR_NEED(const auto instance, make_instance(subject));
  IPR_NEED(const Form form, wanted_form(*instance));
  const std::vector<RowSpec> rows = make_rows(mix(subject.seed, 12), form);
  const std::vector<ipr_total> totals = totals_of(rows);
  IPR_NEED(const LossAnswer whole, call_loss(*instance, rows, totals));
  double loss = 0;
  std::size_t row = 0;
  for (std::uint64_t group = 1; group <= 4; ++group) {  // a group is never split
    std::vector<RowSpec> part;
    for (const RowSpec& candidate : rows) {
      if (candidate.group == group) part.push_back(candidate);
    }
    IPR_NEED(const LossAnswer answer, call_loss(*instance, part, totals));
    loss += answer.loss;
    for (const std::vector<float>& gradient : answer.gradient) {
      for (std::size_t t = 0; t < kTokens; ++t) {
        IPR_EXPECT(std::abs(gradient[t] - whole.gradient[row][t]) < 1e-6,
                   "row " + std::to_string(row) +
                       ": its gradient depends on the micro-batch; divide by `totals`, not by what the call sees");
      }
      ++row;
    }
  }
  IPR_EXPECT(std::abs(loss - whole.loss) < 1e-9 * std::max(1.0, std::abs(whole.loss)),
             "the losses of the micro-batches add up to " + std::to_string(loss) + ", the whole batch's is " +
                 std::to_string(whole.loss));
  return passed();
}

Outcome row_order_invariant(const Subject& subject) {
  IPR_NEED(const auto instance, make_instance(subject));
  IPR_NEED(const Form form, wanted_form(*instance));
  const std::vector<RowSpec> rows = make_rows(mix(subject.seed, 13), form);
  const std::vector<ipr_total> totals = totals_of(rows);
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng(mix(subject.seed, 14)).shuffle(order);
  std::vector<RowSpec> shuffled;
  for (const std::size_t i : order) shuffled.push_back(rows[i]);
  IPR_NEED(const LossAnswer first, call_loss(*instance, rows, totals));
  IPR_NEED(const LossAnswer second, call_loss(*instance, shuffled, totals));
  IPR_EXPECT(std::abs(first.loss - second.loss) < 1e-9 * std::max(1.0, std::abs(first.loss)),
             "the loss depends on the order of the rows");
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t t = 0; t < kTokens; ++t) {
      IPR_EXPECT(std::abs(second.gradient[i][t] - first.gradient[order[i]][t]) < 1e-6,
                 "a row's gradient depends on the order of the rows");
    }
  }
  return passed();
}

Outcome zero_rows(const Subject& subject) {
  IPR_NEED(const auto instance, make_instance(subject));
  IPR_NEED(const LossAnswer answer, call_loss(*instance, {}, {}));
  IPR_EXPECT(std::isfinite(answer.loss), "the loss of no rows is no number");
  return passed();
}

}  // namespace

const std::vector<Case>& optimizer_cases() {
  static const std::vector<Case> cases = {{"gradient-by-differences", gradient_by_differences},
                                          {"microbatch-invariant", microbatch_invariant},
                                          {"row-order-invariant", row_order_invariant},
                                          {"zero-rows", zero_rows},
                                          {"resume-equal", resume_equal}};
  return cases;
}

}  // namespace ipr::check
