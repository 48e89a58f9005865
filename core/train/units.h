// How the rows of an optimizer step are laid out for the model: in units, each one forward and backward.
//
// Rows often begin with the same tokens: the better and the worse continuation of one state, attempts at one task, the
// instruction of an environment. Within a unit, what a row has in common with an earlier one is computed once: the row
// is its tail alone, which attends to the other's first tokens as well. No number changes but by rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/train/rows.h"

namespace ipr::train {

// A row's first `tokens` tokens are those of the row that stands at `of` in the same unit, before it. That one may have
// a stem itself.
struct Stem {
  std::size_t of = 0;
  std::int64_t tokens = 0;  // 0: the row is whole
};

struct UnitPlan {
  std::vector<std::size_t> rows;  // indices into the step's rows
  std::vector<Stem> stems;        // one per row
  std::int64_t tokens = 0;        // that are computed
  std::size_t replica = 0;        // which of them runs it
};

struct UnitSettings {
  std::int64_t most_tokens = 16384;  // of a unit
  std::size_t replicas = 1;          // that run side by side; several: units short enough for all to have work
  bool shares = true;                // stems
};

// Rows in their order, without the empty ones, cut where a unit is full; a group is parted only where it is larger than
// a unit. Units go to the least loaded replica, the largest first. Depends on nothing but rows and settings.
[[nodiscard]] std::vector<UnitPlan> plan_units(std::span<const TrainRow* const> rows, const UnitSettings& settings);

}  // namespace ipr::train
