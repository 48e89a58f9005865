// Episodes of a policy named on the command line: a checkpoint folder, a policy plugin, or an agent without a model.
#pragma once

#include <string>
#include <vector>

#include "core/host/options.h"
#include "core/loop/progress.h"
#include "core/rollout/trajectory.h"

namespace ipr::host {

// The first tasks of a split.
struct TaskPart {
  std::string split;
  std::vector<env::Task> tasks;
};
// --split and --limit. Code::kUsage for an unknown or empty split.
[[nodiscard]] Result<TaskPart> tasks_of(const env::Environment& environment, const Options& options);

struct PolicyWords {
  std::string policy;
  int repeats = 1;                    // episodes per task
  std::int64_t max_new_tokens = 512;  // of one reply of a checkpoint
  double temperature = 0;             // of its replies; 0: greedy
  double top_p = 1;
  std::int64_t top_k = 0;  // 0: all
};

// Code::kUsage unless it is a checkpoint folder or expert, random, first, noop; Code::kData for the expert of an
// environment that has none.
[[nodiscard]] Status check_policy(const env::Environment& environment, const std::string& policy);

// --top-p, --top-k and --max-new-tokens.
void add_sampling_flags(CLI::App& command, PolicyWords& words);

// `repeats` episodes of each task, in order of repeat, then task; they point to the part's tasks. Nothing is kept
// before all are played, so callers take signals by end_on_signals().
[[nodiscard]] Result<std::vector<rollout::Trajectory>> play_policy(const env::Environment& environment,
                                                                   const TaskPart& part, const PolicyWords& words,
                                                                   const Options& options,
                                                                   loop::ProgressLine& progress);

}  // namespace ipr::host
