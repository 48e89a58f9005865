// What step rewards are held against: experts, an agent's deviations from them, and the exact value of every step,
// under a policy plugin whose choices are known.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin/registry.h"
#include "core/rollout/exact_values.h"

namespace ipr::bench {

struct GroundSettings {
  std::string env, policy;                             // plugin ids
  std::map<std::string, Json> env_settings, settings;  // of both
  std::uint64_t seed = 1;
  std::size_t tasks = 0;         // of the train splits; 0: all
  std::size_t every = 1;         // explore at every so many turns of an expert
  std::size_t explorations = 1;  // of the agent at each
  bool best_play = true;         // also the value of the best play
};

// An expert's step and the agent's in its place, where the expert's outcome is better by more than 0.01: all but the
// step rewards is decided. What is true is by the exact values.
struct Candidate {
  std::uint64_t expert = 0, agent = 0;  // trajectories
  std::size_t turn = 0;
  double expert_value = 0, agent_value = 0;  // of the step, under the policy
  double expert_best = 0, agent_best = 0;    // under the best play
  [[nodiscard]] double gap() const { return expert_value - agent_value; }
};

class Ground {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Ground>> make(const plugin::Registry& registry,
                                                            const GroundSettings& settings);

  [[nodiscard]] const std::vector<Candidate>& candidates() const { return candidates_; }
  [[nodiscard]] const rollout::TrajectoryBook& book() const { return book_; }
  [[nodiscard]] rollout::TextPlayer& player() { return *player_; }
  [[nodiscard]] std::size_t experts() const { return experts_; }
  [[nodiscard]] double expert_turns() const { return expert_turns_ / static_cast<double>(experts_); }
  [[nodiscard]] double start_value() const { return start_value_ / static_cast<double>(experts_); }  // mean
  [[nodiscard]] std::size_t states() const { return states_; }

 private:
  Status play(const GroundSettings& settings);
  Status explore(const GroundSettings& settings, const rollout::Trajectory& expert, rollout::ExactValues& values);
  const rollout::Trajectory& keep(rollout::Trajectory trajectory);

  std::unique_ptr<env::Environment> environment_;
  std::unique_ptr<rollout::PluginPolicy> policy_;
  std::unique_ptr<rollout::TextPlayer> player_;
  std::vector<env::Task> tasks_;
  rollout::TrajectoryBook book_;
  std::vector<Candidate> candidates_;
  std::size_t experts_ = 0, states_ = 0;
  double expert_turns_ = 0, start_value_ = 0;  // sums
};

}  // namespace ipr::bench
