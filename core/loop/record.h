// From the loop's values to the run's record (run.db).
#pragma once

#include <string>
#include <vector>

#include "core/loop/method.h"
#include "core/store/run_store.h"

namespace ipr::loop {

// Key of a run's state: SHA-256 of the models that its scorer itself opened (Run::scorer_models).
inline constexpr const char* kScorerModels = "scorer_models";

// The record of one trajectory; its id is given by the store.
[[nodiscard]] store::Episode to_episode(const rollout::Trajectory& trajectory, const std::string& stage,
                                        std::int32_t iteration, std::int32_t plan, const std::string& policy);

// The trajectory behind a record; `task` is the run's own. Turns that the record shares with its parent are not filled
// in.
[[nodiscard]] rollout::Trajectory to_trajectory(const store::Episode& episode, const env::Task* task);

// The pairs among emitted examples: groups with a chosen and a rejected row. Tag 0 is recorded as "outcome", others as
// "step".
[[nodiscard]] std::vector<store::Pair> pairs_of(const std::vector<Example>& examples,
                                                const rollout::TrajectoryBook& book, std::int32_t iteration);

}  // namespace ipr::loop
