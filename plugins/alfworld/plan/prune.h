// The last step of grounding.
#pragma once

#include <limits>

#include "plan/ground_task.h"

namespace alfworld::plan {

// While atoms are still being numbered, disjunctions count from here.
inline constexpr Fact kDisjunctionBase = Fact{1} << 31;

// Takes out of `task`, whose disjunctions are numbered from kDisjunctionBase, what cannot become true or possible and
// what cannot matter for the goal; renumbers, sorts and joins operators of equal meaning. False: the goal cannot be
// reached, and the task is of no use.
[[nodiscard]] bool prune(GroundTask& task);

}  // namespace alfworld::plan
