// What a study reads from the record of one of its runs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/report/statistics.h"
#include "core/store/run_store.h"

namespace ipr::report {

// Parallel, in the order of the tasks' ids: mean outcome of a task's repeats, and its cluster (empty: its own).
struct TaskOutcomes {
  std::vector<std::string> ids;
  std::vector<double> outcomes;
  std::vector<std::string> clusters;
  [[nodiscard]] double mean() const;
};

// Sums over the iterations.
struct RunCost {
  std::int64_t explored = 0, scoring_rollouts = 0, tokens_generated = 0;
  double sft_seconds = 0, seconds = 0;  // sft_seconds: of training the SFT model, not in `seconds`
};

struct StudyRun {
  std::map<std::string, std::map<std::int32_t, TaskOutcomes>> evaluations;  // by split, iteration
  std::optional<std::int32_t> chosen;                                       // the iteration, on dev
  std::optional<double> dev;                                                // mean reward of that on dev
  RunCost cost;
  std::int64_t infrastructure_errors = 0;   // test episodes that no retry could finish
  [[nodiscard]] std::int32_t last() const;  // iteration that was evaluated; 0 of none
};

[[nodiscard]] Result<StudyRun> read_study_run(store::RunStore& record, const std::vector<std::string>& test_splits,
                                              const std::vector<std::string>& dev_splits);

// Trajectories explored and rollouts of the scorer for each task that an iteration explored, rounded, at least 1: a
// method that plays so many of each of as many tasks has taken as many rollouts. From the episodes on record, so that
// a killed run says the same as an undisturbed one.
[[nodiscard]] Result<std::int64_t> rollouts_per_task(store::RunStore& record);

}  // namespace ipr::report
