// Playing episodes of a policy plugin, and rollouts for scorers from such episodes.
//
// Plays one after the other on the calling thread: a table answers faster than a thread wakes.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "core/rollout/plugin_policy.h"
#include "core/rollout/service.h"

namespace ipr::rollout {

class TextPlayer {
 public:
  // Both must outlive the player. `max_steps` 0: the task's or the environment's own.
  [[nodiscard]] static Result<std::unique_ptr<TextPlayer>> make(const env::Environment& environment,
                                                                const PluginPolicy& policy, std::uint64_t env_seed,
                                                                int max_steps);

  // The result depends on the request only.
  [[nodiscard]] Result<Trajectory> play(const PlayRequest& request);

  [[nodiscard]] const env::Environment& environment() const { return environment_; }
  [[nodiscard]] const PluginPolicy& policy() const { return policy_; }
  [[nodiscard]] const env::Prompts& prompts() const { return prompts_; }
  // An episode that has just taken the first `keep` turns.
  [[nodiscard]] Result<env::Session> resume(const Trajectory& from, std::size_t keep);

 private:
  TextPlayer(const env::Environment& environment, const PluginPolicy& policy, std::uint64_t env_seed, int max_steps);
  const env::Environment& environment_;
  const PluginPolicy& policy_;
  const std::uint64_t env_seed_;
  const int max_steps_;
  env::Prompts prompts_;
  Snapshots snapshots_;
};

// `ipr.host.rollouts/1` over a TextPlayer: what RolloutService is over a Player, with the same seeds.
class TextRollouts final : public Rollouts {
 public:
  // All must outlive the object. `memo`, which may be none, answers what it knows. `on_progress` gets the number of
  // rollouts asked for so far.
  TextRollouts(TextPlayer& player, const TrajectoryBook& book, std::uint64_t run_seed, RolloutMemo* memo = nullptr,
               std::function<void(std::size_t)> on_progress = {});

  [[nodiscard]] Result<std::unique_ptr<plugin::RolloutQueue>> open() override;
  // Different ones that were asked for, and their own turns in all; whether played or known.
  [[nodiscard]] std::size_t asked() const { return asked_.size(); }
  [[nodiscard]] std::size_t turns() const { return turns_; }

 private:
  class Queue;
  [[nodiscard]] Result<std::unique_ptr<Trajectory>> result_of(const PlayRequest& request);
  TextPlayer& player_;
  const TrajectoryBook& book_;
  const std::uint64_t run_seed_;
  RolloutMemo* const memo_;
  const std::function<void(std::size_t)> on_progress_;
  std::set<std::uint64_t> asked_;  // by seed
  std::size_t turns_ = 0;
};

}  // namespace ipr::rollout
