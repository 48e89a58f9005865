#include "core/rollout/memo.h"

namespace ipr::rollout {

const Trajectory* RolloutMemo::find(std::uint64_t seed) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_seed_.find(seed);
  return found == by_seed_.end() ? nullptr : &found->second;
}

void RolloutMemo::keep(const Trajectory& rollout, bool own_turns_only) {
  Trajectory light;
  light.parent_id = rollout.parent_id;
  light.task = rollout.task;
  light.prefix_turns = rollout.prefix_turns;
  light.outcome = rollout.outcome;
  light.terminated = rollout.terminated;
  light.truncated = rollout.truncated;
  light.success = rollout.success;
  light.exit_status = rollout.exit_status;
  light.turns.resize(rollout.prefix_turns);
  for (std::size_t i = own_turns_only ? 0 : rollout.prefix_turns; i < rollout.turns.size(); ++i) {
    const TrajectoryTurn& turn = rollout.turns[i];
    TrajectoryTurn& kept = light.turns.emplace_back();
    kept.reward = turn.reward;
    kept.progress = turn.progress;
    kept.flags = turn.flags;
    kept.parsed = turn.parsed;
  }
  const std::lock_guard lock(mutex_);
  by_seed_.emplace(rollout.seed, std::move(light));  // the first stays: it may be read
}

}  // namespace ipr::rollout
