// The working state of one run; its methods are the stages, one source file each group (prepare, collect, score, fit,
// evaluate, finish). Private to core/loop.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/loop/choose.h"
#include "core/loop/expert.h"
#include "core/loop/panel.h"
#include "core/loop/policy.h"
#include "core/loop/record.h"
#include "core/loop/run.h"
#include "core/report/leaderboard.h"
#include "core/train/backend.h"

namespace ipr::loop {

class Run {
 public:
  Run(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop);
  ~Run();
  Status go();

 private:
  // prepare.cc
  // First of all: a run that is refused for its tasks leaves no folder behind.
  Status fill_panels();
  Status open_folder();
  Status make_plugins();
  Status list_tasks();
  Status collect_experts();
  Status make_start_model();
  // The one tokenization of what the experts said.
  void tokenize_experts(std::vector<env::PromptMessage> prompt);
  [[nodiscard]] std::vector<const rollout::Trajectory*> kept_demonstrations() const;
  // With their token ids, so after the model is known. Fills experts_.
  Status record_experts();
  // collect.cc
  Result<std::vector<const rollout::Trajectory*>> collect(const CollectPlan& plan, std::size_t plan_index,
                                                          int iteration);
  Result<const rollout::Trajectory*> keep(rollout::Trajectory trajectory, const std::string& stage, int iteration,
                                          std::size_t plan, const std::string& policy);
  [[nodiscard]] std::vector<const rollout::Trajectory*> part_of_experts(const CollectPlan& plan) const;
  // score.cc
  Status score_wanted(OptimizerPlugin& optimizer, int iteration);
  // The step reward of a turn, where it was asked for.
  [[nodiscard]] std::optional<double> step_reward(std::int64_t episode_id, std::int32_t turn) const;
  Result<std::vector<Score>> ask_scorer(const std::vector<Query>& queries, int iteration);
  // fit.cc
  Result<std::vector<Example>> gather(OptimizerPlugin& optimizer, int iteration);
  Result<model::Weights> fit(OptimizerPlugin& optimizer, const PluginChoice& choice, int iteration,
                             const std::vector<Example>& examples, const model::Weights& init);
  // evaluate.cc
  Result<TaskOutcomes> evaluate(Policy& policy, const Panel& panel);
  // run.cc
  Status fit_start();
  Status iterate(int iteration);
  Status adopt(std::unique_ptr<Policy> policy);
  // finish.cc
  Status finish();
  [[nodiscard]] Result<Json> result_facts();

  [[nodiscard]] std::unique_ptr<rollout::Player> player_for(Policy& policy);
  Status add_cost(int iteration, const std::string& stage, const rollout::GeneratorCounters& before,
                  const rollout::GeneratorCounters& after, std::size_t rollouts, double seconds);
  [[nodiscard]] Status interrupted() const;

  const RunConfig& config_;
  ProgressLine& progress_;
  const std::atomic<bool>& stop_;
  std::uint64_t env_seed_ = 0;

  std::optional<store::RunStore> store_;
  std::unique_ptr<OptimizerPlugin> sft_, optimizer_;
  std::unique_ptr<ScorerPlugin> scorer_;
  Panel train_, dev_, test_;
  std::vector<report::OverlapNote> overlaps_;       // of the panels, where allowed
  std::map<std::string, std::size_t> train_index_;  // task id -> position in train_

  std::vector<rollout::Trajectory> demonstrations_;  // all that the expert played, until they are recorded
  rollout::TrajectoryBook book_;
  std::vector<const rollout::Trajectory*> experts_;  // those kept, in task order
  std::unique_ptr<rollout::Snapshots> snapshots_;

  std::unique_ptr<Speech> speech_;
  std::unique_ptr<rollout::Dialogue> dialogue_;
  model::Weights start_weights_;
  std::unique_ptr<train::Backend> backend_;
  std::unique_ptr<Policy> base_, previous_;     // SFT agent; what the next iteration starts from (nullptr: the base)
  std::map<std::uint64_t, Score> score_cache_;  // by prefix hash: the scorer is fixed, so values hold over iterations

  std::unique_ptr<rollout::RolloutService> service_;  // while a scorer works
  std::vector<store::Metric> pending_metrics_;        // from plugins
  int metric_iteration_ = 0;
  std::string metric_stage_;
  std::map<int, TaskOutcomes> dev_outcomes_;  // by iteration
  std::vector<store::Policy> policies_;
};

}  // namespace ipr::loop
