// The scored steps of a record, with what was done in them. For the analyses of step rewards.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/store/run_store.h"

namespace ipr::report {

struct ScoredStep {
  store::StepScore score;
  std::string stage, policy, split, task_id;
  std::int64_t parent_id = 0;     // the episode that it branches from; 0: none
  std::int32_t prefix_turns = 0;  // where
  std::string action;
  double progress = store::kNone;
};

// Who scored, with which settings and policy: step rewards are comparable within it.
using ScorerKey = std::pair<std::string, std::string>;  // scorer, config_hash
// By episode and turn.
using ScoredSteps = std::map<std::pair<std::int64_t, std::int32_t>, ScoredStep>;

// Reads the episodes that have a score, one at a time.
[[nodiscard]] Result<std::map<ScorerKey, ScoredSteps>> read_scored_steps(store::RunStore& record);

// How many samples a step got: the most of any, since a last turn takes none.
[[nodiscard]] std::int64_t samples_of(const ScoredSteps& steps);

}  // namespace ipr::report
