// Forked episodes at every turn of known trajectories, shared by all rollouts that start there.
//
// Thread-safe. Least recently used snapshots are dropped first; a dropped one is made again by replay, so the budget
// never changes a result.
#pragma once

#include <list>
#include <map>
#include <mutex>

#include "core/rollout/trajectory.h"

namespace ipr::rollout {

class Snapshots {
 public:
  // At most `capacity` episodes are kept (an episode is a few KiB at most).
  Snapshots(const env::Environment& environment, std::uint64_t env_seed, int max_steps, std::size_t capacity);

  // An episode that has just taken the first `keep` turns of the trajectory: forked from the nearest snapshot, the rest
  // replayed. Replay compares every observation with the recorded one; Code::kData names the task and turn where they
  // differ. The trajectory's `id` (not 0) names it; where a parent's turns were copied, the parent's snapshots serve.
  [[nodiscard]] Result<env::Session> resume(const Trajectory& trajectory, std::size_t keep);

 private:
  using Key = std::pair<std::uint64_t, std::size_t>;  // trajectory, turns taken
  struct Entry {
    env::Session session;
    std::list<Key>::iterator age;
  };
  // A fork of the snapshot, or nothing.
  [[nodiscard]] Result<std::optional<env::Session>> find(const Key& key, const std::vector<env::Turn>& turns);
  Status store(const Key& key, const env::Session& session, const std::vector<env::Turn>& turns);

  const env::Environment& environment_;
  const std::uint64_t env_seed_;
  const int max_steps_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::list<Key> ages_;  // oldest first
};

}  // namespace ipr::rollout
