// Expert trajectories: from the environment's own expert, or from a file.
#pragma once

#include <string>
#include <vector>

#include "core/rollout/trajectory.h"

namespace ipr::loop {

// Plays the environment's expert on a task to its end. Nothing where the expert has no action.
[[nodiscard]] Result<std::optional<rollout::Trajectory>> play_expert(const env::Environment& environment,
                                                                     const env::Task& task, std::uint64_t env_seed,
                                                                     int max_steps);

// A record of a trajectory file: ShareGPT (`conversations`, from/value) or chat (`messages`, role/content), with the
// task's id under "id" (or "game_file").
struct ExpertRecord {
  std::string task_id;
  std::vector<std::string> replies;  // the agent's messages after the task message
};

// JSON array or JSON lines. Code::kData names file and record. Messages before the task (instruction, "OK") are left
// out: the last user message before the first reply that is not "OK" is the task.
[[nodiscard]] Result<std::vector<ExpertRecord>> read_expert_file(const std::string& path);

// Plays given replies through the live environment; the environment's observations count, not the file's.
[[nodiscard]] Result<rollout::Trajectory> play_replies(const env::Environment& environment, const env::Task& task,
                                                       const std::vector<std::string>& replies, std::uint64_t env_seed,
                                                       int max_steps);

}  // namespace ipr::loop
