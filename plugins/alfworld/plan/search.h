// Best-first search in a ground task.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/ground_task.h"

namespace alfworld::plan {

// Operators that lead from the start to the goal, in order; nullopt: none was found in `budget` expanded states, or in
// 100,000 generated ones. Deterministic. Takes from `budget` what it used.
//
// First by operators that help the relaxed plan, which nearly always suffices; then by all; then, with what is left of
// a small budget, for something shorter, as long as there is.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> search(const GroundTask& task, std::uint64_t& budget);

}  // namespace alfworld::plan
