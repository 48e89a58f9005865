// What each turn gained, from step rewards: a step reward is what the scorer gives for the state that a turn led to,
// so the reward of the turn before is what the state was worth.
//
//   gain(t) = r_s(t) - r_s(t - 1);  of the first turn: r_s(0) - mean r_s(0) of the other attempts at the task
//
// Pure functions over value types: no host, no model. The result depends only on the arguments, not on their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ipr/attempts.hpp"
#include "ipr/turn_rows.hpp"

namespace step_ppo_optimizer {

struct Step {
  std::uint64_t trajectory = 0;
  std::size_t turn = 0;
  bool operator==(const Step&) const = default;
};

// The steps whose rewards are needed: all of every attempt that has another one at its task, by task, id and turn.
[[nodiscard]] std::vector<Step> wanted_steps(const std::vector<ipr::sdk::Attempt>& attempts);

struct GainSet {
  std::vector<ipr::sdk::TurnValues> attempts;  // ordered by task, then id
  std::size_t alone = 0;                       // left out: the only attempt at its task
  std::size_t flat = 0;                        // left out: every gain is 0
};

// `rewards`: one for each of wanted_steps(attempts), in that order.
[[nodiscard]] GainSet step_gains(const std::vector<ipr::sdk::Attempt>& attempts, const std::vector<double>& rewards);

}  // namespace step_ppo_optimizer
