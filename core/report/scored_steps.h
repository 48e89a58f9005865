// Scored steps with what was done in them, from the records of runs and from files of `score`. For the analyses of step
// rewards.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/report/leaderboard.h"
#include "core/store/run_store.h"

namespace ipr::report {

struct ScoredStep {
  store::StepScore score;
  std::string stage, policy, split, task_id;
  std::string cluster;            // steps with the same key share chance: the task's cluster, or the task
  std::int64_t parent_id = 0;     // the episode that it branches from; 0: none
  std::int32_t prefix_turns = 0;  // where
  std::string action;
  double progress = store::kNone;
  double outcome = 0;  // of the whole episode
};

// Who scored, with which settings and policy: step rewards are comparable within it.
using ScorerKey = std::pair<std::string, std::string>;  // scorer, config_hash
// By episode and turn.
using ScoredSteps = std::map<std::pair<std::int64_t, std::int32_t>, ScoredStep>;

// Reads the episodes that have a score, one at a time.
[[nodiscard]] Result<std::map<ScorerKey, ScoredSteps>> read_scored_steps(store::RunStore& record);

// The steps of one run, or of one file, by one scorer.
struct ScoredSource {
  std::string run, env;  // the run's name, or the file's
  ScorerKey scorer;
  std::string played_on;  // files: the policy that the scorer played on with, as it was named; of a run its SFT model
  bool is_file = false;
  ScoredSteps steps;
};

// Lines of `score` (docs/json.md). All are by one scorer with one policy; Code::kData else. Of the trajectories of a
// task the first one is the expert, which the others branch from where their actions first differ.
[[nodiscard]] Result<ScoredSource> read_scored_file(const std::string& path);

// Runs first, then files, each in its order. Code::kData where none has a step reward.
[[nodiscard]] Status for_each_scored_source(const std::vector<RunSource>& runs, const std::vector<std::string>& files,
                                            const std::function<Status(const ScoredSource&)>& visit);

// How many samples a step got: the most of any, since a last turn takes none.
[[nodiscard]] std::int64_t samples_of(const ScoredSteps& steps);

}  // namespace ipr::report
