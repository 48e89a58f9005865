#include "core/loop/run.h"

#include "core/base/rng.h"
#include "core/loop/run_state.h"
#include "core/loop/stage_settings.h"
#include "core/loop/start_from.h"
#include "core/report/tensorboard.h"

namespace ipr::loop {

Run::Run(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop)
    : config_(config),
      progress_(progress),
      stop_(stop),
      env_seed_(environment_seed(config.seed)),
      models_(*config.environment, config.compute) {
  models_.set_book(&book_);
}

Run::~Run() = default;

std::uint64_t environment_seed(std::uint64_t run_seed) {
  return mix(run_seed, fnv1a64("environment"));
}

Status Run::interrupted() const {
  return stop_ ? Status(Code::kInterrupted, config_.out + ": interrupted; the same command goes on with this run")
               : Status();
}

std::unique_ptr<rollout::Player> Run::player_for(Policy& policy) {
  return std::make_unique<rollout::Player>(*config_.environment, *dialogue_, *policy.generator, *snapshots_, env_seed_,
                                           config_.max_steps, config_.threads, stop_);
}

void Run::goes_on(int iteration, const std::string& where) {
  if (!begun_) return;
  begun_ = false;
  progress_.say("goes on: " + (iteration == 0 ? std::string("SFT") : "iteration " + std::to_string(iteration)) + ", " +
                where);
}

Status Run::go() {
  IPR_TRY(fill_panels());
  // First: without its device and its model nothing is begun.
  IPR_ASSIGN(backend_, train::load_backend(backend_options(config_.compute)));
  IPR_TRY(load_given_model());
  IPR_TRY(make_plugins());
  IPR_TRY(open_folder());
  IPR_TRY(check_scorer_models());
  IPR_TRY(list_tasks());
  IPR_TRY(collect_experts());
  IPR_TRY(make_start_model());
  IPR_TRY(record_experts());
  IPR_TRY(restore_explorations());
  IPR_TRY(restore_scores());
  IPR_TRY(restore_rollouts());
  IPR_TRY(fit_start());
  for (int i = 1; i <= config_.iterations; ++i) {
    IPR_TRY(interrupted());
    IPR_TRY(iterate(i));
  }
  return finish();
}

Result<std::unique_ptr<Policy>> Run::make_or_load(int iteration, const std::function<Result<model::Weights>()>& train) {
  const std::string stage = stage_name(iteration, "train");
  const std::string name = iteration == 0 ? "sft" : "iter-" + std::to_string(iteration);
  const std::string folder = "checkpoints/iter-" + std::to_string(iteration);
  IPR_ASSIGN(const bool trained, store_->stage_done(stage));
  if (trained) {
    IPR_ASSIGN(model::Weights weights, load_like(start_weights_, config_.out + "/" + folder));
    IPR_ASSIGN(std::unique_ptr<Policy> policy, make_policy(name, iteration, std::move(weights), config_.compute));
    IPR_ASSIGN(const std::vector<store::Policy> recorded, store_->policies());
    for (const store::Policy& known : recorded) {
      if (known.name == name && known.sha256 != policy->sha256)
        return bad_data(config_.out + "/" + folder + ": is not the checkpoint that this run wrote; restore it, or " +
                        "begin a new run with --out");
    }
    return policy;
  }
  IPR_ASSIGN(model::Weights weights, train());
  IPR_ASSIGN(std::unique_ptr<Policy> policy, make_policy(name, iteration, std::move(weights), config_.compute));
  IPR_TRY(model::save_checkpoint(config_.out + "/" + folder, policy->weights, speech_files(*speech_)));
  IPR_ASSIGN(store::Unit unit, store_->begin());
  IPR_TRY(store_->put_policy({name, iteration, folder, policy->sha256, false, false}));
  IPR_TRY(store_->mark_done(stage));
  IPR_TRY(unit.commit());
  SavedTraining::remove(training_file());
  return policy;
}

// Plays dev and test, and decides whether the next iteration starts from this policy.
Status Run::adopt(std::unique_ptr<Policy> policy) {
  IPR_ASSIGN(dev_outcomes_[policy->iteration], evaluate(*policy, dev_));
  IPR_ASSIGN([[maybe_unused]] const TaskOutcomes test, evaluate(*policy, test_));
  IPR_TRY(record_divergence(*policy));
  const std::string folder = "checkpoints/iter-" + std::to_string(policy->iteration);
  store::Policy record{policy->name, policy->iteration, folder, policy->sha256, false, false};
  const int start = previous_ ? previous_->iteration : 0;
  TaskClusters clusters;
  for (const env::Task& task : dev_.tasks) clusters[task.id] = task.meta.value("cluster", "");
  if (policy->iteration > 0 && fell_beyond_interval(dev_outcomes_[start], dev_outcomes_[policy->iteration], clusters)) {
    record.rolled_back = true;
    progress_.say(policy->name + ": dev reward fell by more than its interval; rolled back to " +
                  (previous_ ? previous_->name : base_->name));
  } else if (policy->iteration == 0) {
    base_ = std::move(policy);
  } else {
    previous_ = std::move(policy);
  }
  policies_.push_back(record);
  IPR_TRY(store_->put_policy(record));
  return report::write_tensorboard(*store_, config_.out + "/tb");
}

Status Run::fit_start() {
  if (!config_.start_from.empty()) {
    IPR_ASSIGN(std::unique_ptr<Policy> taken,
               make_or_load(0, [&] { return load_start(config_.start_from, *speech_, start_weights_); }));
    return adopt(std::move(taken));
  }
  IPR_ASSIGN(const std::vector<Example> examples, gather(*sft_, 0));
  IPR_ASSIGN(std::unique_ptr<Policy> policy,
             make_or_load(0, [&] { return fit(*sft_, config_.sft, 0, examples, start_weights_); }));
  return adopt(std::move(policy));
}

Status Run::record_pairs(const std::vector<Example>& examples, int iteration) {
  const std::string stage = stage_name(iteration, "pairs");
  IPR_ASSIGN(const bool recorded, store_->stage_done(stage));
  if (recorded) return {};
  std::vector<store::Pair> pairs = pairs_of(examples, book_, iteration);
  for (store::Pair& pair : pairs) {
    const std::optional<double> won = step_reward(pair.winner_id, pair.turn),
                                lost = step_reward(pair.loser_id, pair.turn);
    if (won && lost) pair.step_gap = *won - *lost;
  }
  IPR_ASSIGN(store::Unit unit, store_->begin());
  IPR_TRY(store_->replace_pairs(iteration, pairs));
  for (store::Metric& metric : pending_metrics_) {  // what the optimizer counted while it emitted: one value each
    metric.step = 0;
    IPR_TRY(store_->put_metric(metric));
  }
  IPR_TRY(store_->mark_done(stage));
  return unit.commit();
}

const model::Weights& Run::previous_weights() const {
  return previous_ ? previous_->weights : base_->weights;
}

const model::Weights& Run::init_of(train::Init init) const {
  if (init == train::Init::kPrevious) return previous_weights();
  return init == train::Init::kBase ? base_->weights : start_weights_;
}

Status Run::iterate(int iteration) {
  IPR_ASSIGN(const std::vector<Example> examples, gather(*optimizer_, iteration));
  IPR_TRY(record_pairs(examples, iteration));
  const auto train = [&]() -> Result<model::Weights> {
    IPR_ASSIGN(const StageSettings settings, settings_of(*optimizer_, config_.optimizer, iteration));
    if (!examples.empty())
      return fit(*optimizer_, config_.optimizer, iteration, examples, init_of(settings.train.init));
    progress_.say("iteration " + std::to_string(iteration) +
                  ": the optimizer found nothing to train on; the policy stays as it is");
    return previous_weights();
  };
  IPR_ASSIGN(std::unique_ptr<Policy> policy, make_or_load(iteration, train));
  IPR_TRY(interrupted());
  return adopt(std::move(policy));
}

Status run(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop) {
  Run state(config, progress, stop);
  return state.go();
}

}  // namespace ipr::loop
