// Trajectories: what was said and done in one episode, with the token ids that were sampled.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/env/session.h"
#include "ipr/plugin.h"

namespace ipr::rollout {

struct TrajectoryTurn : env::Turn {
  std::vector<std::int32_t> reply_ids;  // as sampled (an expert's: as tokenized once), without the end of turn
  std::int64_t prompt_tokens = 0;       // length of the prompt the reply was sampled from; 0: not sampled
};

struct Trajectory {
  std::uint64_t id = 0, parent_id = 0;  // the host's own records, from 1 on
  const env::Task* task = nullptr;      // in the run's panel, which outlives every trajectory
  std::string split;                    // name of the task's split
  std::string first_message;            // the task message
  std::vector<TrajectoryTurn> turns;
  std::size_t prefix_turns = 0;  // first turns copied from the parent
  double outcome = 0;
  bool expert = false, terminated = false, truncated = false, success = false;
  env::ExitStatus exit_status = env::ExitStatus::kOk;
  std::string stats_json;  // numbers the environment adds per episode; may be empty
  std::uint64_t sample = 0, seed = 0;
  int attempts = 1;
};

// Empty where the task is not known.
[[nodiscard]] inline std::string_view task_id(const Trajectory& trajectory) {
  return trajectory.task == nullptr ? std::string_view() : std::string_view(trajectory.task->id);
}

// Copies how the episode ended.
void take_end(Trajectory& trajectory, const env::Session& session);

// A trajectory as plugins see it. Points into the Trajectory, which must outlive it unchanged. Movable.
class TrajectoryView {
 public:
  explicit TrajectoryView(const Trajectory& trajectory);
  [[nodiscard]] const ipr_trajectory* get() const { return &view_; }

 private:
  std::vector<ipr_turn> turns_;
  std::vector<const ipr_turn*> pointers_;
  ipr_trajectory view_{};
};

}  // namespace ipr::rollout
