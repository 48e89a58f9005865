#include <stdexcept>

#include "bench/adaptive/pairs.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::bench;

namespace {

template <typename T>
T need(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message());
  return std::move(result).value();
}

}  // namespace

TEST_CASE("adaptive sampling on gridworld takes 40 % fewer rollouts than N = 20 for pairs that are as often right",
          "[bench][adaptive]") {
  const plugin::Registry registry = plugin::find_plugins({IPR_PLUGINS});
  GroundSettings settings{"gridworld", "gridworld-tabular", {}, {}, 7, 100, 1, 1, true};
  const auto ground = need(Ground::make(registry, settings));
  REQUIRE(ground->candidates().size() > 80);
  const double tau = 0.05;
  rollout::RolloutMemo memo;
  const Scoring fixed = need(score(registry, *ground, 1, {{"samples", 20}}, tau, memo));
  const Scoring adaptive = need(score(registry, *ground, 1, {{"adaptive", true}}, tau, memo));
  std::vector<Judged> by_fixed, by_adaptive;
  judge(ground->candidates(), fixed.of, tau, 1, by_fixed);
  judge(ground->candidates(), adaptive.of, tau, 1, by_adaptive);
  CAPTURE(fixed.rollouts, adaptive.rollouts, count(by_fixed).precision(), count(by_adaptive).precision());
  CHECK(adaptive.rollouts < fixed.rollouts * 6 / 10);
  CHECK(count(by_adaptive).precision() >= count(by_fixed).precision() - 0.01);

  std::size_t open = 0;  // what was not decided has the value of the fixed N, bit for bit
  for (std::size_t i = 0; i < fixed.of.size(); ++i) {
    CHECK(adaptive.of[i].expert.samples <= 20);
    if (adaptive.of[i].expert.samples != 20) continue;
    CHECK(adaptive.of[i].expert.value == fixed.of[i].expert.value);
    CHECK(adaptive.of[i].expert.low == fixed.of[i].expert.low);
    ++open;
  }
  CHECK(open > 0);

  ValueErrors errors;
  add_errors(ground->candidates(), fixed.of, errors);
  CHECK(errors.covered > errors.steps * 90 / 100);
}

TEST_CASE("precision, recall and their counts by hand", "[bench][adaptive]") {
  std::vector<Candidate> candidates(4);
  for (std::size_t i = 0; i < 4; ++i) candidates[i].expert = i + 1;
  candidates[0].expert_value = 0.5;   // gap 0.5: right
  candidates[1].expert_value = 0.05;  // gap 0.05: wrong at tau 0.1
  candidates[2].expert_value = 0.4;   // right, but missed
  candidates[3].agent_value = 0.4;    // wrong, and not made
  std::vector<Scored> scored(4);
  scored[0].expert.value = 0.6;
  scored[1].expert.value = 0.2;
  scored[2].expert.value = 0.1;  // 0.1 is not above 0.1
  std::vector<Judged> judged;
  judge(candidates, scored, 0.1, 1, judged);
  const PairCounts counts = count(judged);
  CHECK(counts.made == 2);
  CHECK(counts.right == 1);
  CHECK(counts.all_right == 2);
  CHECK(counts.precision() == 0.5);
  CHECK(counts.recall() == 0.5);
  const Range same = precision_difference(judged, judged, 1);
  CHECK(same.low == 0);
  CHECK(same.high == 0);
}
