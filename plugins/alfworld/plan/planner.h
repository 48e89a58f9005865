// Plans for any state of a game: commands that win from there.
//
// Goal-directed search on the game's own facts, generic over PDDL (ground_task.h, relaxation.h, search.h). A pure
// function: nothing is kept between calls, so it is safe on any thread. Grounding and search start from the state at
// hand; on ALFRED's games both together take a few milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/state.h"

namespace alfworld {

// In expanded states, of which ALFRED's games need 10 to 100. Where no plan exists but the relaxation sees one, all of
// it is used: about two seconds.
inline constexpr std::uint64_t kPlanBudget = 1000;

// Empty if the goal holds already; nullopt if no plan was found within `budget`. Deterministic. The commands were
// played on a copy of the state: each is admissible in its turn, and the last one wins.
[[nodiscard]] std::optional<std::vector<std::string>> find_plan(const State& state, std::uint64_t budget = kPlanBudget);

// Plays `commands` from the one numbered `first` on a copy of `state`, until it wins. Returns how many that took;
// nullopt if one of them is refused or the last one does not win.
[[nodiscard]] std::optional<std::size_t> steps_to_win(const State& state, const std::vector<std::string>& commands,
                                                      std::size_t first);

}  // namespace alfworld
