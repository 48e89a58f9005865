#include "plugins/gigpo/advantage.h"

#include <cmath>
#include <string>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace gigpo_optimizer;
using ipr::sdk::Attempt;
using ipr::sdk::TurnValues;

namespace {

using Numbers = std::vector<double>;

// The two episodes of ipr-pipeline.md section 13; s0 is the task's beginning.
std::vector<Attempt> golden_attempts() {
  return {{1, "t", 1, {"", "s1", "s2"}}, {2, "t", 0, {"", "s1", "s1"}}};
}

void check_turns(const TurnValues& found, std::uint64_t trajectory, const Numbers& expected) {
  CAPTURE(trajectory);
  CHECK(found.trajectory == trajectory);
  REQUIRE(found.turns.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found.turns[i] == Approx(expected[i]).margin(5e-7));
}

}  // namespace

TEST_CASE("the golden episodes: sums of episode and step advantages", "[gigpo][golden]") {
  const AdvantageSet set = advantages(golden_attempts(), {});
  REQUIRE(set.attempts.size() == 2);
  check_turns(set.attempts[0], 1, {0.95125, 1.133333, 0.5});
  check_turns(set.attempts[1], 2, {-0.95125, -0.816667, -0.816667});
  CHECK(set.flat == 0);
  CHECK(set.turns == 6);
  CHECK(set.compared_turns == 5);  // all but s2
}

TEST_CASE("the golden episodes: GRPO is the episode's advantage alone", "[gigpo][golden]") {
  AdvantageRules grpo;
  grpo.step_weight = 0;
  const AdvantageSet set = advantages(golden_attempts(), grpo);
  REQUIRE(set.attempts.size() == 2);
  check_turns(set.attempts[0], 1, {0.5, 0.5, 0.5});
  check_turns(set.attempts[1], 2, {-0.5, -0.5, -0.5});
}

TEST_CASE("the weight of the step advantages scales them alone", "[gigpo]") {
  AdvantageRules half;
  half.step_weight = 0.5;
  const AdvantageSet set = advantages(golden_attempts(), half);
  check_turns(set.attempts.at(0), 1, {0.5 + 0.45125 / 2, 0.5 + 0.633333 / 2, 0.5});
}

TEST_CASE("with mean_std a difference is measured in sample standard deviations", "[gigpo]") {
  AdvantageRules rules;
  rules.step_weight = 0;
  rules.divide_by_deviation = true;
  // Outcomes 1, 0, 0, 1: mean 0.5, deviation sqrt(4 * 0.25 / 3) = 0.577350.
  const std::vector<Attempt> four = {{1, "t", 1, {""}}, {2, "t", 0, {""}}, {3, "t", 0, {""}}, {4, "t", 1, {""}}};
  const AdvantageSet set = advantages(four, rules);
  REQUIRE(set.attempts.size() == 4);
  for (const std::size_t i : {0, 3}) CHECK(set.attempts[i].turns[0] == Approx(0.866025).epsilon(1e-5));
  for (const std::size_t i : {1, 2}) CHECK(set.attempts[i].turns[0] == Approx(-0.866025).epsilon(1e-5));
}

TEST_CASE("only attempts at the same task are compared", "[gigpo]") {
  const AdvantageSet set =
      advantages({{1, "t", 1, {"", "x"}}, {2, "u", 0, {"", "x"}}, {3, "u", 1, {"", "y"}}}, AdvantageRules{});
  REQUIRE(set.attempts.size() == 2);
  CHECK(set.flat == 1);  // the only one at its task
  check_turns(set.attempts[0], 2, {-0.5 - 0.475, -0.5});
  check_turns(set.attempts[1], 3, {0.5 + 0.475, 0.5});
  CHECK(set.compared_turns == 2);
}

TEST_CASE("a group that ends alike teaches nothing in its episodes, but something in its steps", "[gigpo]") {
  const std::vector<Attempt> alike = {
      {1, "t", 0.7, {"", "x"}}, {2, "t", 0.7, {"", "y", "x"}}, {3, "t", 0.7, {"", "y"}}};
  AdvantageRules grpo;
  grpo.step_weight = 0;
  CHECK(advantages(alike, grpo).attempts.empty());
  CHECK(advantages(alike, grpo).flat == 3);
  const AdvantageSet set = advantages(alike, {});  // the second came later, so its first turns are worth less
  REQUIRE(set.attempts.size() == 3);
  CHECK(set.attempts[0].turns[0] > 0);
  CHECK(set.attempts[1].turns[0] < 0);
  CHECK(set.attempts[1].turns[1] < 0);
  CHECK(set.attempts[1].turns[2] == Approx(0).margin(1e-12));
}

TEST_CASE("nothing, and attempts that never spoke, are no rows", "[gigpo]") {
  CHECK(advantages({}, {}).attempts.empty());
  const AdvantageSet set = advantages({{1, "t", 1, {}}, {2, "t", 0, {""}}, {3, "t", 1, {""}}}, {});
  REQUIRE(set.attempts.size() == 2);  // and count for no mean
  CHECK(set.attempts[0].turns[0] == Approx(-1));
  CHECK(set.attempts[1].turns[0] == Approx(1));
}

TEST_CASE("the order of the attempts changes no bit", "[gigpo]") {
  ipr::Rng rng(3);
  std::vector<Attempt> attempts;
  for (std::uint64_t id = 1; id <= 30; ++id) {
    Attempt attempt{id, rng.below(2) == 0 ? "t" : "u", rng.uniform(), {""}};
    for (std::size_t turn = rng.below(4); turn > 0; --turn) attempt.seen.push_back(rng.below(2) == 0 ? "x" : "y");
    attempts.push_back(attempt);
  }
  for (const bool divide : {false, true}) {
    const AdvantageRules rules{0.9, 1, divide};
    const std::vector<TurnValues> expected = advantages(attempts, rules).attempts;
    CHECK(expected.size() == 30);
    for (int round = 0; round < 20; ++round) {
      rng.shuffle(attempts);
      CHECK(advantages(attempts, rules).attempts == expected);
    }
  }
}
