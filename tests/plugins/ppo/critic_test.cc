#include "plugins/ppo/critic.h"

#include <string>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ppo_optimizer;
using ipr::sdk::Attempt;
using ipr::sdk::TurnValues;

namespace {

void check_turns(const TurnValues& found, std::uint64_t trajectory, const std::vector<double>& expected) {
  CAPTURE(trajectory);
  CHECK(found.trajectory == trajectory);
  REQUIRE(found.turns.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found.turns[i] == Approx(expected[i]).margin(1e-12));
}

}  // namespace

// Outcomes 1, 0.5, 0. Before the first turn each is worth the mean of the other two: 0.25, 0.5, 0.75. "x" was read by
// the first two, so it is worth 0.5 to the first and 1 to the second; "y" and "z" were read once.
TEST_CASE("a turn gains what the next state is worth to the others beyond its own", "[ppo]") {
  const ErrorSet set = turn_errors({{1, "t", 1, {"", "x", "y"}}, {2, "t", 0.5, {"", "x"}}, {3, "t", 0, {"", "z"}}});
  REQUIRE(set.attempts.size() == 3);
  check_turns(set.attempts[0], 1, {0.5 - 0.25, 0.5 - 0.5, 1 - 0.5});
  check_turns(set.attempts[1], 2, {1 - 0.5, 0.5 - 1});
  check_turns(set.attempts[2], 3, {0, 0 - 0.75});
  CHECK(set.turns == 7);
  CHECK(set.valued_turns == 5);
}

TEST_CASE("the errors of an attempt add up to its outcome less the mean of the others", "[ppo]") {
  const ErrorSet set =
      turn_errors({{1, "t", 1, {"", "x", "x", "y"}}, {2, "t", 0.25, {"", "y", "x"}}, {3, "t", 0, {"", "x", "y"}}});
  const std::vector<double> expected = {1 - 0.125, 0.25 - 0.5, 0 - 0.625};
  REQUIRE(set.attempts.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    double sum = 0;
    for (const double error : set.attempts[i].turns) sum += error;
    CHECK(sum == Approx(expected[i]));
  }
}

TEST_CASE("an attempt that comes by a state twice is one witness of it", "[ppo]") {
  const ErrorSet set = turn_errors({{1, "t", 1, {"", "x"}}, {2, "t", 0, {"", "x", "x"}}, {3, "t", 1, {"", "x"}}});
  REQUIRE(set.attempts.size() == 3);
  check_turns(set.attempts[0], 1, {0, 0.5});  // worth (0 + 1) / 2 to it, before and after
  check_turns(set.attempts[1], 2, {0, 0, -1});
}

TEST_CASE("a single attempt, one without a turn, and one as good as expected are no rows", "[ppo]") {
  const ErrorSet set = turn_errors(
      {{1, "t", 1, {""}}, {2, "u", 0.5, {"", "x"}}, {3, "u", 0.5, {"", "y"}}, {4, "v", 1, {}}, {5, "v", 1, {""}}});
  CHECK(set.attempts.empty());
  CHECK(set.alone == 2);
  CHECK(set.flat == 2);
  CHECK(turn_errors({}).attempts.empty());
}

TEST_CASE("the order of the attempts changes no bit", "[ppo]") {
  ipr::Rng rng(3);
  std::vector<Attempt> attempts;
  for (std::uint64_t id = 1; id <= 30; ++id) {
    Attempt attempt{id, rng.below(2) == 0 ? "t" : "u", rng.uniform(), {""}};
    for (std::size_t turn = rng.below(4); turn > 0; --turn) attempt.seen.push_back(rng.below(2) == 0 ? "x" : "y");
    attempts.push_back(attempt);
  }
  const std::vector<TurnValues> expected = turn_errors(attempts).attempts;
  CHECK(expected.size() == 30);
  for (int round = 0; round < 20; ++round) {
    rng.shuffle(attempts);
    CHECK(turn_errors(attempts).attempts == expected);
  }
}
