#include "core/loop/run.h"

#include "core/base/rng.h"
#include "core/loop/run_state.h"

namespace ipr::loop {

Run::Run(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop)
    : config_(config), progress_(progress), stop_(stop), env_seed_(mix(config.seed, fnv1a64("environment"))) {}

Run::~Run() = default;

Status Run::interrupted() const {
  return stop_ ? Status(Code::kInterrupted, config_.out + ": interrupted; the same command begins this run again")
               : Status();
}

std::unique_ptr<rollout::Player> Run::player_for(Policy& policy) {
  return std::make_unique<rollout::Player>(*config_.environment, *dialogue_, *policy.generator, *snapshots_, env_seed_,
                                           config_.max_steps, config_.threads, stop_);
}

Status Run::add_cost(int iteration, const std::string& stage, const rollout::GeneratorCounters& before,
                     const rollout::GeneratorCounters& after, std::size_t rollouts, double seconds) {
  const auto grown = [](std::uint64_t was, std::uint64_t is) { return static_cast<std::int64_t>(is - was); };
  return store_->add_cost({iteration, stage, static_cast<std::int64_t>(rollouts),
                           grown(before.prompt_tokens_asked, after.prompt_tokens_asked),
                           grown(before.prompt_tokens_computed, after.prompt_tokens_computed),
                           grown(before.padding_tokens, after.padding_tokens),
                           grown(before.generated_tokens, after.generated_tokens), seconds});
}

Status Run::go() {
  IPR_TRY(fill_panels());
  IPR_TRY(open_folder());
  IPR_TRY(make_plugins());
  IPR_TRY(list_tasks());
  IPR_TRY(collect_experts());
  IPR_TRY(make_start_model());
  IPR_TRY(record_experts());
  IPR_ASSIGN(backend_, train::load_backend({config_.device, config_.model_threads}));
  IPR_TRY(fit_start());
  for (int i = 1; i <= config_.iterations; ++i) {
    IPR_TRY(interrupted());
    IPR_TRY(iterate(i));
  }
  return finish();
}

// Writes the checkpoint, then plays dev and test.
Status Run::adopt(std::unique_ptr<Policy> policy) {
  const std::string folder = "checkpoints/iter-" + std::to_string(policy->iteration);
  IPR_TRY(model::save_checkpoint(config_.out + "/" + folder, policy->weights, speech_files(*speech_)));
  IPR_ASSIGN(dev_outcomes_[policy->iteration], evaluate(*policy, dev_));
  IPR_ASSIGN([[maybe_unused]] const TaskOutcomes test, evaluate(*policy, test_));
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
  return store_->put_policy(record);
}

Status Run::fit_start() {
  IPR_ASSIGN(const std::vector<Example> examples, gather(*sft_, 0));
  IPR_ASSIGN(model::Weights weights, fit(*sft_, config_.sft, 0, examples, start_weights_));
  return adopt(make_policy("sft", 0, std::move(weights), config_.model_threads));
}

Status Run::iterate(int iteration) {
  IPR_ASSIGN(const std::vector<Example> examples, gather(*optimizer_, iteration));
  std::vector<store::Pair> pairs = pairs_of(examples, book_, iteration);
  for (store::Pair& pair : pairs) {
    const std::optional<double> won = step_reward(pair.winner_id, pair.turn),
                                lost = step_reward(pair.loser_id, pair.turn);
    if (won && lost) pair.step_gap = *won - *lost;
  }
  IPR_TRY(store_->replace_pairs(iteration, pairs));
  const model::Weights& init = previous_ ? previous_->weights : base_->weights;
  if (examples.empty())
    progress_.say("iteration " + std::to_string(iteration) + ": no pair was found; the policy stays as it is");
  model::Weights weights = init;
  if (!examples.empty()) {
    IPR_ASSIGN(weights, fit(*optimizer_, config_.optimizer, iteration, examples, init));
  }
  IPR_TRY(interrupted());
  return adopt(make_policy("iter-" + std::to_string(iteration), iteration, std::move(weights), config_.model_threads));
}

Status run(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop) {
  Run state(config, progress, stop);
  return state.go();
}

}  // namespace ipr::loop
