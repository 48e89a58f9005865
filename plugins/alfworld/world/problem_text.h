// A household and a goal as the text of a `game.tw-pddl` file of the old text generation (with `solvable` and
// `walkthrough`).
#pragma once

#include <string>

#include "world/household.h"

namespace alfworld {

// `trial` names the problem, "trial_T20190907_174130_000042"; `wording` chooses one of the two task sentences.
[[nodiscard]] std::string problem_text(const FloorPlan& plan, const Household& household, const GoalKinds& goal,
                                       const std::string& trial);
[[nodiscard]] std::string game_text(const FloorPlan& plan, const Household& household, const GoalKinds& goal,
                                    int wording, const std::string& trial);

}  // namespace alfworld
