// The working state of one run; its methods are the stages, one source file each group (prepare, collect, score, fit,
// evaluate, divergence, finish). Private to core/loop.
//
// A run that goes on walks through the same stages: each first takes from the record what is there of it (resume.h) and
// does only the rest. Plugins are fed the recorded trajectories and scores again, in the same order.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/loop/choose.h"
#include "core/loop/expert.h"
#include "core/loop/model_service.h"
#include "core/loop/panel.h"
#include "core/loop/policy.h"
#include "core/loop/record.h"
#include "core/loop/resume.h"
#include "core/loop/rollout_model.h"
#include "core/loop/run.h"
#include "core/loop/saved_training.h"
#include "core/loop/taken_scores.h"
#include "core/report/leaderboard.h"
#include "core/train/backend.h"

namespace ipr::loop {

// What one training stage is about to do.
struct Training {
  std::vector<train::TrainRow> rows;
  train::TrainSettings settings;
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
};

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
  Status note_software(const Json& now);
  // Before the folder is touched: a run whose plugins refuse to work leaves nothing behind.
  Status make_plugins();
  // Lets a checkpoint play the scorer's rollouts.
  Status use_rollout_model(std::string_view folder);
  // That a scorer's own models are those that the run began with.
  Status check_scorer_models();
  // SHA-256 of their weights, joined by commas: of those with a scalar head, then of the one that plays rollouts.
  [[nodiscard]] std::string scorer_models() const;
  Status list_tasks();
  Status collect_experts();
  Result<std::vector<rollout::Trajectory>> play_experts();
  // --model FOLDER, with its tokenizer; nothing for mini, which make_start_model makes.
  Status load_given_model();
  Status make_start_model();
  // The one tokenization of what the experts said.
  void tokenize_experts(env::Prompts prompts);
  [[nodiscard]] std::vector<const rollout::Trajectory*> kept_demonstrations() const;
  // With their token ids, so after the model is known. Fills experts_.
  Status record_experts();
  // restore.cc
  [[nodiscard]] const env::Task* train_task(const std::string& id) const;  // nullptr: none
  // The train episodes of a stage, in the order of the record, which is the order they were played in.
  Status each_recorded(const char* stage,
                       const std::function<Status(const store::Episode&, rollout::Trajectory)>& visit);
  // Agent trajectories and step rewards of earlier processes, into book_, explored_ and score_cache_.
  Status restore_explorations();
  Status restore_scores();
  Status restore_rollouts();
  // collect.cc
  Result<std::vector<const rollout::Trajectory*>> collect(const CollectPlan& plan, std::size_t plan_index,
                                                          int iteration);
  Status explore(const CollectPlan& plan, std::size_t plan_index, int iteration,
                 const std::vector<const rollout::Trajectory*>& experts);
  [[nodiscard]] std::vector<rollout::PlayRequest> requests_of(
      const CollectPlan& plan, int iteration, const std::vector<const rollout::Trajectory*>& experts) const;
  // Records a trajectory and puts it into book_.
  Result<const rollout::Trajectory*> keep(rollout::Trajectory trajectory, const std::string& stage, int iteration,
                                          std::size_t plan, const std::string& policy);
  const rollout::Trajectory* put_into_book(rollout::Trajectory trajectory);
  [[nodiscard]] std::vector<const rollout::Trajectory*> part_of_experts(const CollectPlan& plan) const;
  // score.cc
  Status score_wanted(OptimizerPlugin& optimizer, int iteration);
  // From another run, where config_.scores_from names one.
  Status take_scores(const std::vector<Query>& wanted, int iteration);
  // The units that `wanted` is scored in, without what the cache holds.
  [[nodiscard]] std::vector<std::vector<Query>> units_to_score(const std::vector<Query>& wanted) const;
  // The step reward of a turn, where it was asked for: in this iteration, else of an equal history.
  [[nodiscard]] std::optional<double> step_reward(std::int64_t episode_id, std::int32_t turn) const;
  // In score_cache_: equal histories have equal keys; with the question about the rival where the scorer reads it.
  [[nodiscard]] std::uint64_t key_of(const Query& query) const;
  Status put_score(const Query& query, const Score& score);
  Status score_rest(const std::vector<std::vector<Query>>& units, int iteration);
  Status score_unit(const std::vector<Query>& queries, int iteration, std::size_t before, std::size_t& rollouts);
  // fit.cc
  Result<std::vector<Example>> gather(OptimizerPlugin& optimizer, int iteration);
  Status plan_training(const OptimizerPlugin& optimizer, const PluginChoice& choice, int iteration,
                       const std::vector<Example>& examples, Training& training);
  Status compute_logprobs(const std::string& title, const model::Weights& compared,
                          const std::vector<train::TrainRow>& rows, SavedTraining& saved, train::RowLogprobs& known);
  // In a unit of their own; empties the list.
  Status write_metrics(std::vector<store::Metric>& metrics);
  Result<model::Weights> fit(OptimizerPlugin& optimizer, const PluginChoice& choice, int iteration,
                             const std::vector<Example>& examples, const model::Weights& init);
  Status record_engine_gap(const model::Weights& weights, const Training& training, int iteration);
  // evaluate.cc
  Result<TaskOutcomes> evaluate(Policy& policy, const Panel& panel);
  Result<TaskOutcomes> recorded_outcomes(const Policy& policy, const Panel& panel);
  // divergence.cc
  // How far the policy has moved from the one whose rollouts rate its steps, as metrics of stage "divergence".
  Status record_divergence(Policy& policy);
  // run.cc
  Status fit_start();
  Status iterate(int iteration);
  // The last iteration's policy, or the SFT model before the first and after a roll-back to it.
  [[nodiscard]] const model::Weights& previous_weights() const;
  [[nodiscard]] const model::Weights& init_of(train::Init init) const;
  Status record_pairs(const std::vector<Example>& examples, int iteration);
  // The policy of an iteration: from its checkpoint where the record has it, else trained now and put there.
  Result<std::unique_ptr<Policy>> make_or_load(int iteration, const std::function<Result<model::Weights>()>& train);
  Status adopt(std::unique_ptr<Policy> policy);
  // finish.cc
  Status finish();

  // Says once, at the first stage with something left to do, where a begun run goes on.
  void goes_on(int iteration, const std::string& where);
  [[nodiscard]] std::string training_file() const { return config_.out + "/training.ckpt"; }
  [[nodiscard]] std::unique_ptr<rollout::Player> player_for(Policy& policy);
  [[nodiscard]] Status interrupted() const;

  const RunConfig& config_;
  ProgressLine& progress_;
  const std::atomic<bool>& stop_;
  std::uint64_t env_seed_ = 0;
  bool begun_ = false;  // the record holds work of an earlier process, and goes_on has not spoken yet

  std::optional<store::RunStore> store_;
  std::unique_ptr<OptimizerPlugin> sft_, optimizer_;
  ModelService models_;                          // before the scorer, which holds what it opened
  std::unique_ptr<RolloutModel> rollout_model_;  // nullptr: the SFT agent plays the scorer's rollouts
  std::unique_ptr<ScorerPlugin> scorer_;
  Panel train_, dev_, test_;
  std::vector<report::OverlapNote> overlaps_;       // of the panels, where allowed
  std::map<std::string, std::size_t> train_index_;  // task id -> position in train_

  std::vector<rollout::Trajectory> demonstrations_;  // all that the expert played, until they are recorded
  rollout::TrajectoryBook book_;
  std::vector<const rollout::Trajectory*> experts_;  // those kept, in task order
  // What the agent played, by iteration and plan, in the order of the record.
  std::map<std::pair<int, std::size_t>, std::vector<const rollout::Trajectory*>> explored_;
  std::unique_ptr<rollout::Snapshots> snapshots_;

  std::unique_ptr<Speech> speech_;
  std::unique_ptr<rollout::Dialogue> dialogue_;
  model::Weights start_weights_;
  std::unique_ptr<train::Backend> backend_;
  std::unique_ptr<Policy> base_, previous_;     // SFT agent; what the next iteration starts from (nullptr: the base)
  std::map<std::uint64_t, Score> score_cache_;  // by key_of: the scorer is fixed, so values hold over iterations
  std::optional<TakenScores> taken_;            // once something was to be scored
  std::map<Place, double> rewards_;             // of the steps that this iteration's optimizer wanted
  rollout::RolloutMemo memo_;                   // of a scorer that asks for a step against several rivals

  std::unique_ptr<rollout::RolloutService> service_;  // while a scorer works
  std::vector<store::Metric> pending_metrics_;        // from plugins
  int metric_iteration_ = 0;
  std::string metric_stage_;
  std::map<int, TaskOutcomes> dev_outcomes_;  // by iteration
  std::vector<store::Policy> policies_;
};

}  // namespace ipr::loop
