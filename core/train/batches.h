// Which rows make one optimizer step, and what the whole step holds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/train/rows.h"
#include "core/train/schedule.h"
#include "ipr/plugin.h"

namespace ipr::train {

// Indices into the rows, rows of one group side by side.
using Batch = std::vector<std::size_t>;

// The optimizer steps of one epoch. Every row is in exactly one batch; the rows of a group are never parted, so that a
// batch may hold more than `settings.batch` rows, or more tokens where a single group does. The last batch may be
// short.
//
// Order::kShuffle draws a new order for each (seed, epoch). Small batches of groups or rows (8 at most) are then filled
// with groups of similar length: sorted inside blocks of 32 batches, and the batches shuffled. Rows of a step run side
// by side, and the longest decides. The same arguments give the same batches on every machine.
[[nodiscard]] std::vector<Batch> plan_epoch(std::span<const TrainRow> rows, const TrainSettings& settings,
                                            std::uint64_t seed, std::int64_t epoch);

// Counts of the rows by tag * 3 + role, as ipr_batch::totals. Tokens are those with mask 1 from the second of a row on:
// the first has no log-prob.
[[nodiscard]] std::vector<ipr_total> totals_of(std::span<const TrainRow* const> rows);

}  // namespace ipr::train
