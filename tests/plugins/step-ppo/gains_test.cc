#include "plugins/step-ppo/gains.h"

#include <string>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace step_ppo_optimizer;
using ipr::sdk::Attempt;
using ipr::sdk::TurnValues;

namespace {

// Attempt 4 is alone at its task, attempt 5 never spoke.
std::vector<Attempt> example() {
  return {{1, "t", 1, {"", "x", "y"}}, {2, "t", 0, {"", "x"}}, {3, "t", 1, {""}}, {4, "u", 1, {""}}, {5, "t", 1, {}}};
}

void check_turns(const TurnValues& found, std::uint64_t trajectory, const std::vector<double>& expected) {
  CAPTURE(trajectory);
  CHECK(found.trajectory == trajectory);
  REQUIRE(found.turns.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found.turns[i] == Approx(expected[i]).margin(1e-12));
}

}  // namespace

TEST_CASE("every step of the attempts that have another at their task is scored", "[step-ppo]") {
  CHECK(wanted_steps(example()) == std::vector<Step>{{1, 0}, {1, 1}, {1, 2}, {2, 0}, {2, 1}, {3, 0}});
  CHECK(wanted_steps({}).empty());
}

// Rewards: attempt 1: 0.6, 0.4, 1; attempt 2: 0.2, 0; attempt 3: 1. Means of the others' first: 0.6, 0.8, 0.4.
TEST_CASE("a turn gains its step reward less that of the turn before", "[step-ppo]") {
  const GainSet set = step_gains(example(), {0.6, 0.4, 1, 0.2, 0, 1});
  REQUIRE(set.attempts.size() == 3);
  check_turns(set.attempts[0], 1, {0, -0.2, 0.6});
  check_turns(set.attempts[1], 2, {-0.6, -0.2});
  check_turns(set.attempts[2], 3, {0.6});
  CHECK(set.alone == 1);
  CHECK(set.flat == 0);
}

TEST_CASE("attempts whose states stay worth the same are no rows", "[step-ppo]") {
  const GainSet set = step_gains(example(), {0.5, 0.5, 0.5, 0.5, 0.5, 0.5});
  CHECK(set.attempts.empty());
  CHECK(set.flat == 3);
  CHECK_THROWS(step_gains(example(), {0.5}));
}

TEST_CASE("the order of the attempts changes no bit", "[step-ppo]") {
  ipr::Rng rng(3);
  std::vector<Attempt> attempts;
  for (std::uint64_t id = 1; id <= 30; ++id) {
    attempts.push_back({id, rng.below(2) == 0 ? "t" : "u", 0, std::vector<std::string>(1 + rng.below(4))});
  }
  const std::vector<Step> steps = wanted_steps(attempts);
  std::vector<double> rewards;
  for (std::size_t i = 0; i < steps.size(); ++i) rewards.push_back(rng.uniform());
  const std::vector<TurnValues> expected = step_gains(attempts, rewards).attempts;
  CHECK(expected.size() == 30);
  for (int round = 0; round < 20; ++round) {
    rng.shuffle(attempts);
    CHECK(wanted_steps(attempts) == steps);
    CHECK(step_gains(attempts, rewards).attempts == expected);
  }
}
