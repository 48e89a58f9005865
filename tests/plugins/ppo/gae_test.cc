#include "ipr/gae.hpp"

#include "tests/support/catch.h"

using namespace ipr::sdk;

namespace {

using Turns = std::vector<std::int32_t>;

// Two turns of `length` tokens each, `observed` tokens of the environment between them.
Turns two_turns(std::size_t length, std::size_t observed) {
  Turns turns(length, 0);
  turns.insert(turns.end(), observed, -1);
  turns.insert(turns.end(), length, 1);
  return turns;
}

// How much of a reward for the last turn reaches the last token of the turn before it.
double credit(std::size_t observed, Clock clock) {
  const Gae gae{0.95, clock, true};
  return token_advantages(two_turns(5, observed), {0, 1}, gae).at(4);
}

}  // namespace

// tokens: turn 0, turn 0, -, turn 1, -, turn 2, turn 2; errors 1, 10, 100; lambda 0.5
TEST_CASE("advantages of a hand-worked row, by each clock", "[gae]") {
  const Turns turns = {-1, 0, 0, -1, 1, -1, 2, 2};
  const std::vector<double> errors = {1, 10, 100};
  using Numbers = std::vector<double>;
  // From the end: 100, 50, 10 + 25 = 35, 1 + 17.5 = 18.5, 9.25.
  CHECK(token_advantages(turns, errors, {0.5, Clock::kAgentTokens, true}) == Numbers{0, 9.25, 18.5, 0, 35, 0, 50, 100});
  // 100, 100, 10 + 50 = 60, 1 + 30 = 31, 31.
  CHECK(token_advantages(turns, errors, {0.5, Clock::kTurns, true}) == Numbers{0, 31, 31, 0, 60, 0, 100, 100});
  // 100, 50, (25), 10 + 12.5 = 22.5, (11.25), 1 + 5.625 = 6.625, 3.3125.
  CHECK(token_advantages(turns, errors, {0.5, Clock::kAllTokens, true}) ==
        Numbers{0, 3.3125, 6.625, 0, 22.5, 0, 50, 100});
  // Each turn for itself.
  CHECK(token_advantages(turns, errors, {0.5, Clock::kAgentTokens, false}) == Numbers{0, 0.5, 1, 0, 10, 0, 50, 100});
  CHECK(token_advantages(turns, errors, {0.5, Clock::kTurns, false}) == Numbers{0, 1, 1, 0, 10, 0, 100, 100});
}

// tokens: turn 0, turn 0, -, turn 1; errors 1, 10; rewards 8, 4, (9), 2; lambda 0.5
TEST_CASE("tokens that are paid for themselves are worth that and what comes behind them", "[gae]") {
  const Turns turns = {0, 0, -1, 1};
  const std::vector<double> errors = {1, 10}, rewards = {8, 4, 9, 2};
  using Numbers = std::vector<double>;
  // From the end: 10 + 2 = 12, 1 + 6 + 4 = 11, 5.5 + 8 = 13.5.
  CHECK(token_advantages(turns, errors, {0.5, Clock::kAgentTokens, true}, rewards) == Numbers{13.5, 11, 0, 12});
  CHECK(token_advantages(turns, errors, {0.5, Clock::kAgentTokens, false}, rewards) == Numbers{10.5, 5, 0, 12});
  // The clock stands still inside a turn: 1 + 6 + 4 = 11, 11 + 8 = 19.
  CHECK(token_advantages(turns, errors, {0.5, Clock::kTurns, true}, rewards) == Numbers{19, 11, 0, 12});
}

// ipr-pipeline.md section 10: with an answer of five tokens, 20 / 100 / 300 tokens of observation leave 0.277, 0.0046
// and 1.6e-7 of the credit.
TEST_CASE("the published code loses credit over observations, agent tokens do not", "[gae][golden]") {
  CHECK(credit(20, Clock::kAllTokens) == Approx(0.277).epsilon(2e-3));
  CHECK(credit(100, Clock::kAllTokens) == Approx(0.0046).epsilon(5e-3));
  CHECK(credit(300, Clock::kAllTokens) == Approx(1.6e-7).epsilon(2e-2));
  for (const std::size_t observed : {0, 20, 100, 300}) {
    CHECK(credit(observed, Clock::kAgentTokens) == Approx(0.7737809375).epsilon(1e-12));  // 0.95^5
    CHECK(credit(observed, Clock::kTurns) == Approx(0.95).epsilon(1e-12));
  }
}

TEST_CASE("with lambda 1 all clocks agree: every turn gets what is still to come", "[gae]") {
  const Turns turns = two_turns(3, 4);
  for (const Clock clock : {Clock::kAgentTokens, Clock::kTurns, Clock::kAllTokens}) {
    const std::vector<double> advantages = token_advantages(turns, {0.25, -1}, {1, clock, true});
    for (std::size_t t = 0; t < turns.size(); ++t) {
      CHECK(advantages[t] == (turns[t] < 0 ? 0 : turns[t] == 0 ? -0.75 : -1));
    }
  }
}

TEST_CASE("rows without agent tokens, and turns without errors, have no advantage", "[gae]") {
  CHECK(token_advantages({}, {1}, {}).empty());
  CHECK(token_advantages({-1, -1}, {1}, {}) == std::vector<double>{0, 0});
  CHECK(token_advantages({0, 1}, {}, {}) == std::vector<double>{0, 0});
  CHECK(paid_at_the_end({-1, 0, 1, -1, 1}, 2) == std::vector<double>{0, 2});
  CHECK(paid_at_the_end({-1}, 2).empty());
}
