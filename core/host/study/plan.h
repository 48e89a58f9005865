// The cells of a study resolved to run configs, and what they share. plan.json in the study's folder is this.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "core/host/run_plan.h"
#include "core/host/study/file.h"
#include "core/loop/progress.h"

namespace ipr::host {

struct PlannedCell {
  StudyCell cell;
  std::string folder;  // of its run
  // "config" of its config.json; a cell that waits for another one's rollouts has 1 where their number will stand.
  Json decides;
  std::vector<std::string> test_splits, dev_splits;  // in the environment's order
  std::optional<std::size_t> start;  // the cell, run before it, that trains the same SFT model: it takes that one
  std::vector<std::size_t> scored;   // cells run before it whose scorer would score the same steps alike
};

struct StudyPlan {
  StudyFile file;
  std::string out;
  std::vector<PlannedCell> cells;  // in the order they are run in
};

// Resolves every cell as `run` would, so that a slip is told before anything is started: the error names the cell.
// `own` are the command's flags: workers, plugin path.
[[nodiscard]] Result<StudyPlan> plan_study(StudyFile file, const Options& own, loop::ProgressLine& progress,
                                           const std::atomic<bool>& stop);

// A cell ready to run. What it waits for must be finished.
[[nodiscard]] Result<RunPlan> plan_cell(const StudyPlan& plan, std::size_t index, const Options& own);

// The same without the runs it depends on: to count and to measure before anything is run.
[[nodiscard]] Result<RunPlan> plan_cell_alone(const StudyPlan& plan, std::size_t index, const Options& own);

// plan.json.
[[nodiscard]] Json to_json(const StudyPlan& plan);

[[nodiscard]] bool is_finished(const PlannedCell& cell);

}  // namespace ipr::host
