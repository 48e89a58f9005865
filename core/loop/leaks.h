// Leaks between train, dev and test: the same task on two sides makes held-out numbers no longer held out.
//
// Two tasks are the same where their ids are equal, or their `meta_json.leak_key` (abi.md: "must not stand on two sides
// of a split"; a task without one is told by its id alone). `meta_json.cluster` is no leak: it only widens intervals.
// Checked on the tasks that a run uses, after --limit. An overlap is wrong data, so Code::kData (exit 3): the flags may
// be right, and the same flags are fine on clean splits.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/loop/panel.h"
#include "core/report/leaderboard.h"

namespace ipr::loop {

struct Overlap {
  std::vector<std::string> tasks;  // ids of the second role's tasks that the first has too, in the second's order
  report::OverlapNote note;        // the roles, and the number by split
};

// For every two panels that overlap, in the order given: train before dev before test.
[[nodiscard]] std::vector<Overlap> find_overlaps(const std::vector<const Panel*>& panels);

// Code::kData, with the first ids and the count of each overlap and what to do. Precondition: there is one.
[[nodiscard]] Status overlap_error(const std::vector<Overlap>& overlaps);

// What an allowed overlap leaves for the record (state `overlap`), so that every table is marked; empty where there is
// none. Without `allow` an overlap is overlap_error.
[[nodiscard]] Result<std::vector<report::OverlapNote>> check_leaks(const std::vector<const Panel*>& panels, bool allow);

}  // namespace ipr::loop
