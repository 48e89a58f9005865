// What the expert of real games says before a command, in sentences made from the task, the command and what it is
// good for. Generic: commands are taken as English imperatives, nothing more is known about them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/state.h"

namespace alfworld {

enum class Occasion : std::uint8_t {
  kGoingOn,  // the plan is the one of the last step, or the episode has just begun
  kNewPlan,  // the plan has just been made
  kRefused,  // the last command was not admissible
};

// `rest`: commands that win from `state`, at least one; the first is about to be played.
[[nodiscard]] std::string thought_before(const State& state, std::span<const std::string> rest, Occasion occasion);

}  // namespace alfworld
