#include "core/loop/survey.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>

#include "core/base/rng.h"
#include "core/loop/examples.h"
#include "core/loop/expert.h"
#include "core/loop/mini.h"
#include "core/loop/policy.h"
#include "core/loop/stage_settings.h"
#include "core/loop/surprise.h"
#include "core/loop/train_splits.h"
#include "core/plugin/schema.h"
#include "core/train/trainer.h"

namespace ipr::loop {
namespace {

// Experts beyond this many are counted, not played.
constexpr std::size_t kMostExperts = 600;
// Parameters times tokens of one measurement: a quarter of a second or so on one core; of a large model some seconds,
// or it would be measured with a single row, which no stage plays.
constexpr double kEffort = 8e9, kLargeEffort = 1e11;
constexpr std::int64_t kLargeModel = 16'000'000;
constexpr double kLeastRows = 8;          // as long as their prompts have kLeastTokens
constexpr double kTokensPerPass = 16384;  // BackendOptions'
constexpr int kMeasuredReplyTokens = 32;
constexpr std::size_t kMeasuredRows = 32;
constexpr std::size_t kLeastTokens = 64;  // of a row, however large the model

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

class Surveyor {
 public:
  Surveyor(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop)
      : config_(config), environment_(*config.environment), progress_(progress), stop_(stop) {}

  Result<Survey> go() {
    Workload& work = survey_.workload;
    IPR_ASSIGN(Panel train, make_panel(environment_, IPR_SPLIT_TRAIN, config_.tasks));
    IPR_ASSIGN(const Panel dev, make_panel(environment_, IPR_SPLIT_DEV, config_.tasks));
    IPR_ASSIGN(const Panel test, make_panel(environment_, IPR_SPLIT_TEST, config_.tasks));
    tasks_ = std::move(train.tasks);
    work.train_tasks = tasks_.size();
    work.dev_tasks = dev.tasks.size();
    work.test_tasks = test.tasks.size();
    work.iterations = config_.iterations;
    work.max_steps = config_.max_steps > 0 ? config_.max_steps : environment_.defaults().max_steps;
    IPR_TRY(play_experts());
    IPR_TRY(make_model());
    IPR_TRY(make_rows_of_experts());
    IPR_TRY(ask_optimizer());
    IPR_TRY(measure_trainer());
    return measure_engine();
  }

 private:
  Status interrupted() const { return stop_ ? Status(Code::kInterrupted, "dry run: interrupted") : Status(); }

  Status keep_if_good(Result<rollout::Trajectory> played) {
    if (!played.ok()) return played.status();
    ++played_;
    const double least = environment_.home(played->task->id).defaults().expert_min_outcome;
    if (!played->terminated || played->outcome <= least) return {};
    played->id = experts_.size() + 1;
    experts_.push_back(std::move(*played));
    return {};
  }

  // Of several environments as many of each.
  [[nodiscard]] std::vector<const env::Task*> tasks_to_play() const {
    const std::size_t most = kMostExperts / environment_.members().size();
    std::map<const env::Environment*, std::size_t> of_each;
    std::vector<const env::Task*> first;
    for (const env::Task& task : tasks_) {
      if (of_each[&environment_.home(task.id)]++ < most) first.push_back(&task);
    }
    return first;
  }

  Status play_experts() {
    const std::uint64_t env_seed = mix(config_.seed, fnv1a64("environment"));
    std::map<std::string, std::vector<ExpertRecord>> records;
    if (!config_.expert_file.empty()) {
      IPR_ASSIGN(std::vector<ExpertRecord> all, read_expert_file(config_.expert_file));
      for (ExpertRecord& record : all) records[record.task_id].push_back(std::move(record));
    }
    const std::vector<const env::Task*> first_tasks = tasks_to_play();
    progress_.begin("expert", "tasks", first_tasks.size());
    for (std::size_t i = 0; i < first_tasks.size(); ++i) {
      IPR_TRY(interrupted());
      const env::Task& task = *first_tasks[i];
      if (!config_.expert_file.empty()) {
        for (const ExpertRecord& record : records[task.id])
          IPR_TRY(keep_if_good(play_replies(environment_, task, record.replies, env_seed, config_.max_steps)));
      } else if (environment_.has_expert()) {
        IPR_ASSIGN(std::optional<rollout::Trajectory> played,
                   play_expert(environment_, task, env_seed, config_.max_steps));
        if (played) IPR_TRY(keep_if_good(std::move(*played)));
      }
      progress_.update(i + 1);
    }
    progress_.finish(std::to_string(experts_.size()) + " of " + std::to_string(played_) + " kept");
    if (experts_.empty())
      return bad_data(config_.expert_file.empty()
                          ? "environment \"" + environment_.id() +
                                "\": no expert trajectory to start from; give --expert FILE, or data with an expert"
                          : "--expert " + config_.expert_file +
                                ": no trajectory good enough to start from; give a file with better ones");
    scale_ = static_cast<double>(tasks_.size()) / static_cast<double>(first_tasks.size());
    survey_.workload.experts = static_cast<double>(experts_.size()) * scale_;
    return {};
  }

  Status make_model() {
    IPR_ASSIGN(env::Prompts prompts, environment_.prompts());
    std::vector<const rollout::Trajectory*> experts;
    for (const rollout::Trajectory& expert : experts_) experts.push_back(&expert);
    if (is_mini(config_.model)) {
      text::Tokenizer tokenizer = train_mini_tokenizer(experts, prompts, environment_.defaults().added_tokens);
      IPR_ASSIGN(text::ChatTemplate chat_template, text::ChatTemplate::make(kMiniTemplate, tokenizer));
      speech_ = std::make_unique<Speech>(Speech{std::move(tokenizer), std::move(chat_template)});
    } else {
      IPR_ASSIGN(speech_, load_speech(config_.model, config_.chat_template));
      IPR_ASSIGN(weights_, load_start_model(config_.model, config_.lora, config_.seed));
    }
    dialogue_ = std::make_unique<rollout::Dialogue>(speech_->tokenizer, speech_->chat_template, std::move(prompts));
    double replies = 0, turns = 0;
    std::size_t longest = 0;
    for (rollout::Trajectory& expert : experts_) {
      for (rollout::TrajectoryTurn& turn : expert.turns) {
        turn.reply_ids = dialogue_->reply_ids(turn.message);
        replies += static_cast<double>(turn.reply_ids.size() + 1);  // the end of turn is sampled too
      }
      turns += static_cast<double>(expert.turns.size());
      longest = std::max(longest, dialogue_->history(expert, expert.turns.size(), true).ids.size());
    }
    if (is_mini(config_.model))
      weights_ = model::random_weights(mini_config(speech_->tokenizer, longest, config_.model), 1);
    Workload& work = survey_.workload;
    work.expert_turns = turns / static_cast<double>(experts_.size());
    work.surprise = surprise(experts_);
    work.reply_tokens = replies / turns;
    work.max_new_tokens = static_cast<double>(config_.max_new_tokens);
    const model::LlamaConfig& shape = weights_.config;
    const rollout::GeneratorOptions options = generator_options(shape, config_.compute);
    const model::Values& embedding = weights_.tensors.at("model.embed_tokens.weight").values;
    work.shape = shape;
    work.memory = {config_.lora, config_.compute.dtype == "bf16", config_.compute.device != "cpu",
                   static_cast<std::int64_t>(embedding.bytes().size() / embedding.size())};
    work.kv_budget_bytes = static_cast<double>(options.kv_budget_bytes);
    work.rows_in_flight = static_cast<double>(options.max_rows + options.max_prefill_rows);
    survey_.vocabulary = shape.vocab_size;
    return {};
  }

  Result<std::unique_ptr<OptimizerPlugin>> open(const PluginChoice& choice) {
    plugin::HostServices services = choice.services;
    services.metric = [](std::string_view, double) {};
    IPR_ASSIGN(auto instance, plugin::Instance::create(choice.manifest, choice.settings, std::move(services)));
    return OptimizerPlugin::make(std::move(instance));
  }

  // The rows of the first stage, as its optimizer emits them: whole demonstrations.
  Status make_rows_of_experts() {
    IPR_ASSIGN(sft_, open(config_.sft));
    IPR_ASSIGN(const StageSettings settings, settings_of(*sft_, config_.sft, 0));
    train_ = settings.train;
    for (const rollout::Trajectory& expert : experts_) {
      const Example whole{expert.id, 0, IPR_ROLE_PLAIN, expert.id, 0, expert.turns.size(), 1};
      rows_.push_back(make_row(whole, expert, *dialogue_, train_.observation_loss));
    }
    double tokens = 0;
    for (const train::TrainRow& row : rows_) tokens += static_cast<double>(row.ids.size());
    train_.epochs = bounded_epochs(settings, rows_);
    if (config_.sft_share < 1)
      train_.epochs = std::max<std::int64_t>(1, std::llround(static_cast<double>(train_.epochs) * config_.sft_share));
    Workload& work = survey_.workload;
    work.row_tokens = tokens / static_cast<double>(rows_.size());
    work.prompt_tokens = prompt_tokens();
    const auto steps = static_cast<double>(train::step_count(rows_, train_, config_.seed));
    if (train_.steps > 0) {  // as many as asked for, however many tasks there are
      work.sft_steps = steps;
      work.sft_tokens = work.row_tokens * static_cast<double>(train_.steps * train_.batch);
    } else {
      work.sft_steps = steps * scale_;
      work.sft_tokens = tokens * static_cast<double>(train_.epochs) * scale_;
    }
    work.tokens_per_pass = std::min(kTokensPerPass, static_cast<double>(train_.batch) * work.row_tokens);
    return {};
  }

  // Before the task message; the mean over the experts.
  [[nodiscard]] double prompt_tokens() const {
    double tokens = 0;
    for (const rollout::Trajectory& expert : experts_) {
      rollout::Trajectory blank;
      blank.task = expert.task;
      tokens += static_cast<double>(dialogue_->start(blank, false).ids.size());
    }
    return tokens / static_cast<double>(experts_.size());
  }

  // What the method's optimizer asks for in its first iteration.
  Status ask_optimizer() {
    IPR_ASSIGN(const auto optimizer, open(config_.optimizer));
    IPR_ASSIGN(const StageSettings settings, settings_of(*optimizer, config_.optimizer, 1));
    IPR_TRY(check_trains(*optimizer, settings, train::Output::kLogp));
    IPR_TRY(check_plans(*optimizer, 1, environment_));
    IPR_ASSIGN(const std::vector<CollectPlan> plans, optimizer->plans(1, config_.seed));
    Workload& work = survey_.workload;
    work.train_epochs = static_cast<double>(settings.train.epochs);
    work.tokens_per_pass =
        std::min(kTokensPerPass, std::max(work.tokens_per_pass, 3.0 * static_cast<double>(settings.train.batch) *
                                                                    work.row_tokens));  // winner, loser, anchor
    work.explored_experts = work.experts;
    for (const CollectPlan& plan : plans) {
      if (plan.source == IPR_COLLECT_EXPERT) continue;
      const auto limit = static_cast<double>(plan.task_limit * environment_.members().size());  // of each environment
      if (limit > 0) work.explored_experts = std::min(work.experts, limit);
      const bool prefixes = plan.source == IPR_COLLECT_PREFIX;
      work.along_prefixes = work.along_prefixes || prefixes;
      work.episodes_per_expert += static_cast<double>(plan.samples) * (prefixes ? work.expert_turns : 1);
    }
    work.samples = plugin::expected_rollouts(config_.scorer.manifest.schema, config_.scorer.settings);
    return {};
  }

  // The first rows, as many as the effort allows; of a large model the beginning of one.
  [[nodiscard]] std::vector<train::TrainRow> some_rows(double tokens) const {
    std::vector<train::TrainRow> some;
    for (const train::TrainRow& row : rows_) {
      if (tokens < 1 && !some.empty()) break;
      const auto size = std::clamp<std::size_t>(static_cast<std::size_t>(tokens),
                                                std::min(kLeastTokens, row.ids.size()), row.ids.size());
      train::TrainRow part = row;
      part.ids.resize(size);
      part.mask.resize(size);
      part.turn.resize(size);
      tokens -= static_cast<double>(size);
      some.push_back(std::move(part));
    }
    return some;
  }

  // Optimizer steps of the first stage's own size, the first one unmeasured.
  Status measure_trainer() {
    progress_.begin("measure the trainer", "steps", 0);
    IPR_ASSIGN(const auto backend, train::load_backend(backend_options(config_.compute)));
    IPR_TRY(backend->set_weights(weights_));
    const double parameters = static_cast<double>(survey_.workload.shape.parameter_count());
    train::TrainJob job;
    const std::vector<train::TrainRow> rows = some_rows(kEffort / 3 / parameters);
    job.rows = rows;
    job.settings = train_;
    job.settings.epochs = 2;
    job.loss = [this](ipr_batch& batch) { return sft_->loss(batch); };
    job.stop = &stop_;
    double tokens = 0, seconds = 0;
    auto began = std::chrono::steady_clock::now();
    job.on_step = [&](const train::StepRecord& step) -> Status {
      if (step.step > 0) {
        tokens += static_cast<double>(step.tokens);
        seconds += seconds_since(began);
      }
      began = std::chrono::steady_clock::now();
      return {};
    };
    const Result<train::TrainReport> report = train::train(*backend, job);
    IPR_TRY(interrupted());
    if (!report.ok()) return report.status();
    survey_.rates.train = tokens / std::max(seconds, 1e-6);
    progress_.finish(std::to_string(static_cast<long>(survey_.rates.train)) + " tokens/s");
    return {};
  }

  // Prompts read anew, then replies of the same ones; at the beginning of episodes, where little is before a reply, and
  // at their end.
  struct Played {
    double context = 0;                             // tokens before a reply
    double read_per_second = 0, token_seconds = 0;  // token_seconds: of a sampled one, all rows together
  };

  Played measure_at(rollout::Generator& generator, bool at_the_end) const {
    const std::int64_t parameters = survey_.workload.shape.parameter_count();
    double effort = (parameters > kLargeModel ? kLargeEffort : kEffort) / static_cast<double>(parameters);
    const double longest = effort / kLeastRows;
    std::vector<rollout::GenerateRequest> requests;
    Played played;
    for (const rollout::Trajectory& expert : experts_) {
      if (requests.size() == kMeasuredRows || (effort < 1 && !requests.empty())) break;
      const std::size_t turns = at_the_end ? expert.turns.size() - 1 : 0;
      rollout::GenerateRequest request;
      request.prompt = dialogue_->history(expert, turns, true).ids;
      const std::size_t least = std::min(kLeastTokens, request.prompt.size());
      request.prompt.resize(
          std::clamp<std::size_t>(static_cast<std::size_t>(std::min(effort, longest)), least, request.prompt.size()));
      request.max_new_tokens = 1;
      request.seed = requests.size();
      effort -= static_cast<double>(request.prompt.size());
      played.context += static_cast<double>(request.prompt.size());
      requests.push_back(std::move(request));
    }
    played.context = played.context / static_cast<double>(requests.size()) + kMeasuredReplyTokens / 2.0;
    const rollout::GeneratorCounters before = generator.counters();
    auto began = std::chrono::steady_clock::now();
    (void)rollout::generate_all(generator, requests);
    const rollout::GeneratorCounters read = generator.counters();
    played.read_per_second = static_cast<double>(read.prompt_tokens_computed - before.prompt_tokens_computed) /
                             std::max(seconds_since(began), 1e-6);
    for (rollout::GenerateRequest& request : requests) request.max_new_tokens = kMeasuredReplyTokens;
    began = std::chrono::steady_clock::now();
    (void)rollout::generate_all(generator, requests);
    const auto sampled = generator.counters().generated_tokens - read.generated_tokens;
    played.token_seconds = seconds_since(began) / static_cast<double>(std::max<std::int64_t>(1, sampled));
    return played;
  }

  Result<Survey> measure_engine() {
    progress_.begin("measure the engine", "tokens", 0);
    IPR_ASSIGN(const auto policy, make_policy("measured", 0, std::move(weights_), config_.compute));
    const Played early = measure_at(*policy->generator, false);
    IPR_TRY(interrupted());
    const Played late = measure_at(*policy->generator, true);
    Rates& rates = survey_.rates;
    // Of a large model both may have read the same few tokens, the second time from what is kept.
    rates.prompt = std::max(early.read_per_second, late.read_per_second);
    const double further = late.context - early.context;  // none where both were cut to the same length
    rates.attend = further > kLeastTokens ? std::max(0.0, (late.token_seconds - early.token_seconds) / further) : 0;
    rates.generate = 1 / std::max(early.token_seconds / 4, early.token_seconds - rates.attend * early.context);
    progress_.finish(std::to_string(static_cast<long>(rates.prompt)) + " prompt tokens/s, " +
                     std::to_string(static_cast<long>(1 / late.token_seconds)) + " sampled tokens/s");
    return survey_;
  }

  const RunConfig& config_;
  const env::Environment& environment_;
  ProgressLine& progress_;
  const std::atomic<bool>& stop_;
  Survey survey_;
  std::vector<env::Task> tasks_;
  std::vector<rollout::Trajectory> experts_;  // those kept
  std::size_t played_ = 0;
  double scale_ = 1;  // all train tasks / those whose expert was played
  std::unique_ptr<Speech> speech_;
  std::unique_ptr<rollout::Dialogue> dialogue_;
  model::Weights weights_;
  std::unique_ptr<OptimizerPlugin> sft_;
  train::TrainSettings train_;  // of the first stage
  std::vector<train::TrainRow> rows_;
};

}  // namespace

Result<Survey> survey(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop) {
  return Surveyor(config, progress, stop).go();
}

}  // namespace ipr::loop
