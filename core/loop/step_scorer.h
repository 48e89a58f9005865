// Step rewards of given trajectories, by a scorer plugin that plays on with one policy: what a run's scoring stage
// asks, for all turns and without rivals. Equal histories are asked once; seeds name the history, so a value is the one
// that a run with the same seed, policy and settings has.
//
// One thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/loop/method.h"
#include "core/loop/model_service.h"
#include "core/loop/run.h"

namespace ipr::loop {

// Rollouts of the scorer's policy from the trajectories of a book. `on_rollouts` gets the number finished.
using MakeRollouts = std::function<std::unique_ptr<rollout::Rollouts>(
    const rollout::TrajectoryBook& book, const std::function<void(std::size_t)>& on_rollouts)>;

class StepScorer {
 public:
  // The environment must outlive the object. `compute`: where a model of the scorer's own runs.
  [[nodiscard]] static Result<std::unique_ptr<StepScorer>> make(const PluginChoice& choice, MakeRollouts rollouts,
                                                                const env::Environment& environment,
                                                                const Compute& compute, std::uint64_t run_seed);

  // Scores of every turn of every trajectory, in the book's order. `on_rollouts` gets the number of rollouts finished
  // in this call, on a worker. Code::kInterrupted once `stop` is set.
  [[nodiscard]] Result<std::vector<std::vector<Score>>> score(const rollout::TrajectoryBook& book,
                                                              const std::function<void(std::size_t)>& on_rollouts,
                                                              const std::atomic<bool>& stop);

  [[nodiscard]] const ScorerPlugin& plugin() const { return *scorer_; }
  // ModelService::models().
  [[nodiscard]] const std::string& models() const { return models_.models(); }

 private:
  StepScorer(MakeRollouts rollouts, const env::Environment& environment, const Compute& compute, std::uint64_t run_seed)
      : make_rollouts_(std::move(rollouts)), run_seed_(run_seed), models_(environment, compute) {}
  Status ask(const std::vector<Query>& queries, const rollout::TrajectoryBook& book,
             const std::function<void(std::size_t)>& on_rollouts, const std::atomic<bool>& stop);

  const MakeRollouts make_rollouts_;
  const std::uint64_t run_seed_;
  std::unique_ptr<rollout::Rollouts> rollouts_;  // while the scorer works
  ModelService models_;
  std::unique_ptr<ScorerPlugin> scorer_;
  std::map<std::uint64_t, Score> known_;  // by prefix hash
};

}  // namespace ipr::loop
