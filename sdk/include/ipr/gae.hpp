// ipr/gae.hpp: generalized advantage estimation over the tokens of one training row. Header only; for optimizers.
//
//   A_i = sum over turns that end at or behind token i of lambda^(distance to the turn's last token) * error(turn)
//         + sum over agent tokens j from i on of lambda^(distance to j) * reward(j)
//
// The error of a turn is what it gained over what its state was worth. gamma is 1: a turn is worth its outcome whenever
// that comes. What counts as distance is the clock's matter. Tokens may be paid for themselves, too: for what keeps the
// policy near a reference (`kl_rewards` of ipr/surrogate.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ipr::sdk {

enum class Clock {
  kAgentTokens,  // one tick per token of the agent; what the environment says takes no time
  kTurns,        // one tick per turn; the tokens of a turn are worth the same, but for what they are paid themselves
  kAllTokens     // one tick per token of anybody, as published PPO code has it: a long observation wipes out the credit
};

struct Gae {
  double lambda = 0.95;
  Clock clock = Clock::kAgentTokens;
  bool across_turns = true;  // false: each turn is an episode of its own
};

// The errors of a row that is paid once, for its last turn, and whose states are worth nothing.
inline std::vector<double> paid_at_the_end(const std::vector<std::int32_t>& turns, double outcome) {
  std::int32_t last = -1;
  for (const std::int32_t turn : turns) last = std::max(last, turn);
  std::vector<double> errors(static_cast<std::size_t>(last + 1), 0.0);
  if (!errors.empty()) errors.back() = outcome;
  return errors;
}

// `turns`: the turn of each token, -1 outside the agent's. Turns beyond the end of `errors` have none. `rewards`: of
// each token; empty: none. One number per token; 0 outside the agent's tokens.
inline std::vector<double> token_advantages(const std::vector<std::int32_t>& turns, const std::vector<double>& errors,
                                            const Gae& gae, const std::vector<double>& rewards = {}) {
  std::vector<double> advantages(turns.size(), 0.0);
  double ahead = 0;
  std::int32_t current = -1;  // the turn of the agent's token behind this one
  for (std::size_t t = turns.size(); t-- > 0;) {
    if (turns[t] < 0) {
      if (gae.clock == Clock::kAllTokens) ahead *= gae.lambda;
      continue;
    }
    const bool ends_turn = turns[t] != current;
    if (ends_turn && !gae.across_turns) ahead = 0;
    if (ends_turn || gae.clock != Clock::kTurns) ahead *= gae.lambda;
    current = turns[t];
    const auto turn = static_cast<std::size_t>(current);
    if (ends_turn && turn < errors.size()) ahead += errors[turn];
    if (!rewards.empty()) ahead += rewards[t];
    advantages[t] = ahead;
  }
  return advantages;
}

}  // namespace ipr::sdk
