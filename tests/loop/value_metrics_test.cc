#include "core/loop/value_metrics.h"

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::loop;

namespace {

ScoredStep step(std::uint64_t history, std::uint64_t message, double value, std::uint32_t samples = 5) {
  ScoredStep one;
  one.history = history;
  one.message = message;
  one.value = value;
  one.samples = samples;
  return one;
}

}  // namespace

TEST_CASE("errors and order are those of steps that rollouts valued", "[loop][value]") {
  // Three rivals after one history, two equal ones after another, a step alone, and a true outcome.
  const std::vector<ScoredStep> steps = {step(1, 1, 0.2), step(1, 2, 0.8), step(1, 3, 0.4), step(2, 1, 0.5),
                                         step(2, 2, 0.5), step(3, 1, 1),   step(3, 2, 0, 0)};
  const ValueMetrics metrics = measure_values(steps, {0.2, 0.6, 0.6, 0.5, 0.5, 0, 9}, 0.5);
  CHECK(metrics.steps == 6);
  CHECK(metrics.rollouts == 30);
  CHECK(metrics.mse == Approx((0.04 + 0.04 + 1) / 6));
  CHECK(metrics.mse_of_constant == Approx((0.09 + 0.09 + 0.01 + 0.25) / 6));
  CHECK(metrics.pairs == 3);                  // of the first history; equal values are no pair
  CHECK(metrics.ordered == Approx(2.5 / 3));  // two right, a tie
}

TEST_CASE("the same step twice is no pair", "[loop][value]") {
  CHECK(measure_values({step(1, 1, 0.2), step(1, 1, 0.8)}, {0, 0}, 0).pairs == 0);
}

TEST_CASE("numbers that nothing was counted for are null", "[loop][value]") {
  const Json none = to_json(measure_values({}, {}, 0));
  CHECK(none["steps"] == 0);
  CHECK(none["mse"].is_null());
  CHECK(none["pair_order"].is_null());
}
