// Rollouts that were played before, so that a scorer which asks for one again (an expert's step against another rival)
// gets it without a model. Any thread.
#pragma once

#include <map>
#include <mutex>

#include "core/rollout/trajectory.h"

namespace ipr::rollout {

class RolloutMemo {
 public:
  // The one with this seed, which names task, history and sample (scoring_seed); nullptr: none. Lives as long as the
  // memo. It has the outcome and, of each turn of its own, flags, reward and progress; no text, and of the turns before
  // only their number.
  [[nodiscard]] const Trajectory* find(std::uint64_t seed) const;
  // Its turns are all, or those of its own.
  void keep(const Trajectory& rollout, bool own_turns_only);

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Trajectory> by_seed_;
};

}  // namespace ipr::rollout
