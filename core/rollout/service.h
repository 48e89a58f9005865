// `ipr.host.rollouts/1`: rollouts for scorers, played by a Player from the host's own trajectories.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "core/plugin/host_services.h"
#include "core/rollout/memo.h"
#include "core/rollout/player.h"

namespace ipr::rollout {

// The trajectories that plugins may name by id. Filled and read by the loop's thread; scorers only read while it waits.
using TrajectoryBook = std::map<std::uint64_t, std::unique_ptr<Trajectory>>;

// Names the random stream of a Monte Carlo sample: run seed, task, hash of the prefix, sample; never the iteration, so
// that a value cached, asked lazily or asked again is the same value.
[[nodiscard]] std::uint64_t scoring_seed(std::uint64_t run_seed, const Trajectory& from, std::size_t keep,
                                         std::uint64_t sample);

// FNV-1a over the task id and the messages and reply ids of the first `keep` turns: equal for equal histories.
[[nodiscard]] std::uint64_t prefix_hash(const Trajectory& trajectory, std::size_t keep);

// What a plugin asks replies to be sampled with; fields that its header does not have yet are their defaults.
[[nodiscard]] Sampling sampling_of(const ipr_sampling& sampling);

// The rollout that a scorer asks for. Code::kUsage where it names no trajectory of the book, turns behind its end, or
// another policy than the base.
[[nodiscard]] Result<PlayRequest> rollout_asked(const ipr_rollout_req& request, const TrajectoryBook& book,
                                                std::uint64_t run_seed);

// What a scorer's queues come from; must outlive them.
class Rollouts {
 public:
  virtual ~Rollouts() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<plugin::RolloutQueue>> open() = 0;
};

// Opens queues for one scoring stage.
class RolloutService final : public Rollouts {
 public:
  // A trajectory of the book as a policy with another tokenizer reads it; must outlive the rollouts from it.
  using Reads = std::function<const Trajectory*(const Trajectory&)>;

  // `player` plays the scorer's policy; `book` resolves ids. `on_progress` gets the number of rollouts finished so far,
  // on a worker. `memo`, which may be none, answers what it knows and takes what is played.
  RolloutService(Player& player, const TrajectoryBook& book, std::uint64_t run_seed,
                 std::function<void(std::size_t)> on_progress, RolloutMemo* memo = nullptr, Reads reads = {});

  [[nodiscard]] Result<std::unique_ptr<plugin::RolloutQueue>> open() override;
  // All rollouts played since the last call, in the order of (parent, kept turns, sample), each once.
  [[nodiscard]] std::vector<Trajectory> take_finished();

 private:
  class Queue;
  void keep(const Trajectory& trajectory);  // any thread
  Player& player_;
  const TrajectoryBook& book_;
  const std::uint64_t run_seed_;
  const std::function<void(std::size_t)> on_progress_;
  RolloutMemo* const memo_;
  const Reads reads_;
  std::mutex mutex_;
  std::vector<Trajectory> finished_;
  std::size_t finished_total_ = 0;
};

}  // namespace ipr::rollout
