// The expert of real games: what to do next from any state, and the thought before it.
//
// On the path of the file's walkthrough it plays that; elsewhere it plans (planner.h). "On the path" is a matter of
// the state, not of the history: some rest of the walkthrough wins from here. So looking around, or going astray and
// coming back, does not leave it, and an episode that was loaded is where the played one was. The expert knows where
// everything is, as a planner does; its thoughts do not: they name only what an agent may know by then.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/state.h"
#include "plan/planner.h"

namespace alfworld {

// What the expert remembers of one episode. A small value: it is copied with the episode. Copies share the plan, which
// nobody changes. Without it the advice wins as well; it only may change its plan between two steps.
struct ExpertMemory {
  std::shared_ptr<const std::vector<std::string>> plan;  // made off the walkthrough; null: none yet
  std::uint64_t hopeless = 0;                            // fingerprint of the state where none was found
  bool refused = false;  // set by the environment after each step: the last command was not admissible
};

// Fills `action`, one command, and `thought`, one or two sentences. False, and both empty, if the game is won or no
// plan is found within `budget` expanded states. Deterministic in state and memory.
[[nodiscard]] bool expert_advice(const State& state, ExpertMemory& memory, std::string& action, std::string& thought,
                                 std::uint64_t budget = kPlanBudget);

}  // namespace alfworld
