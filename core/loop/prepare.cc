// Before the first stage: the folder, the plugins, the panel, the experts and the model to start from.
#include <algorithm>
#include <filesystem>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/base/strings.h"
#include "core/loop/certificate.h"
#include "core/loop/leaks.h"
#include "core/loop/mini.h"
#include "core/loop/run_state.h"
#include "core/loop/software.h"
#include "core/loop/stage_settings.h"
#include "core/loop/train_splits.h"

namespace ipr::loop {
namespace {

// What a killed process had not yet renamed into place. The caller holds the folder, so nobody else is writing.
void remove_unfinished_files(const std::string& folder) {
  std::error_code ignored;
  std::vector<std::filesystem::path> unfinished;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.find(".tmp.") != std::string::npos || name.find(".old.") != std::string::npos)
      unfinished.push_back(entry.path());
  }
  for (const std::filesystem::path& path : unfinished) std::filesystem::remove_all(path, ignored);
}

Json prompt_json(const std::vector<env::PromptMessage>& prompt) {
  constexpr const char* kRoles[] = {"system", "user", "assistant"};
  Json messages = Json::array();
  for (const env::PromptMessage& message : prompt) {
    messages.push_back({{"role", kRoles[std::min<std::uint32_t>(message.role, 2)]},
                        {"content", message.text},
                        {"example", message.example}});
  }
  return messages;
}

// What `export` needs to tell what the model read, and which demonstrations it was trained on. Of several environments
// both are objects, by what their task ids begin with.
Status record_prompts(const env::Environment& environment, store::RunStore& record) {
  IPR_ASSIGN(const env::Prompts prompts, environment.prompts());
  Json messages = Json::object(), least = Json::object();
  for (const auto& [prefix, prompt] : prompts.all()) {
    messages[prefix] = prompt_json(prompt);
    least[prefix] = environment.home(prefix).defaults().expert_min_outcome;
  }
  const bool one = environment.members().size() == 1;
  IPR_TRY(record.set_state("prompt", dump_line(one ? messages.at("") : messages)));
  return record.set_state("expert_min_outcome", (one ? least.at("") : least).dump());
}

}  // namespace

Status Run::open_folder() {
  IPR_TRY(make_folder(config_.out));
  IPR_TRY(make_folder(config_.out + "/checkpoints"));
  remove_unfinished_files(config_.out);
  remove_unfinished_files(config_.out + "/checkpoints");
  remove_unfinished_files(config_.out + "/tb");
  // The first process's config stays: a flag given in another way would say another origin.
  if (!std::filesystem::exists(config_.out + "/config.json"))
    IPR_TRY(write_file(config_.out + "/config.json", config_.resolved.dump(2) + "\n"));
  IPR_ASSIGN(store_, store::RunStore::open(config_.out + "/run.db"));
  IPR_ASSIGN(const std::optional<std::string> config, store_->state("config"));
  begun_ = config.has_value();
  IPR_ASSIGN(const Json software, software_of(config_));
  if (!begun_) {
    IPR_TRY(record_prompts(*config_.environment, *store_));
    IPR_TRY(store_->set_state("software", dump_line(software)));
    return store_->set_state("config", dump_line(config_.resolved));
  }
  IPR_ASSIGN(const Json recorded, parse_json(*config, store_->path() + ": state \"config\""));
  if (recorded.value("hash", "") != config_.resolved.value("hash", "")) {
    return usage(store_->path() + ": is the record of a run of another config (" + recorded.value("hash", "?") +
                 "); give another --out");
  }
  return note_software(software);
}

// The same config may be computed by something else than before: said, and kept for the certificate.
Status Run::note_software(const Json& now) {
  IPR_ASSIGN(const std::optional<std::string> before, store_->state("software"));
  if (!before) return {};
  IPR_ASSIGN(const Json recorded, parse_json(*before, store_->path() + ": state \"software\""));
  const std::vector<std::string> changes = software_changes(recorded, now);
  if (changes.empty()) return {};
  progress_.say("warning: changed since this run began: " + join(changes, "; ") +
                "; its results may differ from those of a run that was not interrupted");
  return store_->set_state("software_changes", dump_line(changes));
}

Status Run::make_plugins() {
  const auto record_metrics = [this](plugin::HostServices services) {
    services.metric = [this](std::string_view name, double value) {
      pending_metrics_.push_back({metric_iteration_, metric_stage_, static_cast<std::int64_t>(pending_metrics_.size()),
                                  std::string(name), value});
    };
    return services;
  };
  IPR_ASSIGN(auto sft, plugin::Instance::create(config_.sft.manifest, config_.sft.settings,
                                                record_metrics(config_.sft.services)));
  IPR_ASSIGN(sft_, OptimizerPlugin::make(std::move(sft)));
  IPR_ASSIGN(auto optimizer, plugin::Instance::create(config_.optimizer.manifest, config_.optimizer.settings,
                                                      record_metrics(config_.optimizer.services)));
  IPR_ASSIGN(optimizer_, OptimizerPlugin::make(std::move(optimizer)));
  IPR_ASSIGN(const StageSettings settings, settings_of(*optimizer_, config_.optimizer, 1));
  IPR_TRY(check_trains(*optimizer_, settings, train::Output::kLogp));
  IPR_TRY(check_plans(*sft_, 0, *config_.environment));
  IPR_TRY(check_plans(*optimizer_, 1, *config_.environment));
  plugin::HostServices services = config_.scorer.services;
  services.open_rollouts = [this]() -> Result<std::unique_ptr<plugin::RolloutQueue>> {
    if (!service_) return failed("rollouts are only there while the scorer is asked");
    return service_->open();
  };
  services.use_model = [this](std::string_view folder) { return use_rollout_model(folder); };
  services.open_model = [this](std::string_view spec) { return models_.open(spec); };
  IPR_ASSIGN(auto scorer,
             plugin::Instance::create(config_.scorer.manifest, config_.scorer.settings, std::move(services)));
  IPR_ASSIGN(scorer_, ScorerPlugin::make(std::move(scorer)));
  return {};
}

Status Run::use_rollout_model(std::string_view folder) {
  if (scorer_) return usage("a scorer chooses who plays its rollouts while it is created");
  IPR_ASSIGN(rollout_model_,
             RolloutModel::load(std::string(folder), *config_.environment, config_.compute, config_.replies));
  return {};
}

std::string Run::scorer_models() const {
  if (!rollout_model_) return models_.models();
  return models_.models() + (models_.models().empty() ? "" : ",") + rollout_model_->sha256();
}

Status Run::check_scorer_models() {
  IPR_ASSIGN(const std::optional<std::string> before, store_->state(kScorerModels));
  if (before && *before != scorer_models()) {
    return bad_data(config_.out + ": the model of the scorer has changed since the run began; restore it, or begin a " +
                    "new run with --out");
  }
  return before || scorer_models().empty() ? Status() : store_->set_state(kScorerModels, scorer_models());
}

Status Run::fill_panels() {
  const env::Environment& environment = *config_.environment;
  IPR_ASSIGN(train_, make_panel(environment, IPR_SPLIT_TRAIN, config_.tasks));
  IPR_ASSIGN(dev_, make_panel(environment, IPR_SPLIT_DEV, config_.tasks));
  IPR_ASSIGN(test_, make_panel(environment, IPR_SPLIT_TEST, config_.tasks));
  IPR_ASSIGN(overlaps_, check_leaks({&train_, &dev_, &test_}, config_.allow_overlap));
  return {};
}

Status Run::list_tasks() {
  Json panel = Json::array();
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (const Panel* part : {&train_, &dev_, &test_}) {
    for (std::size_t i = 0; i < part->tasks.size(); ++i) {
      const env::Task& task = part->tasks[i];
      const std::string hash = task_hash(task);
      IPR_TRY(store_->put_task({part->splits[i], task.id, task.instruction, task.meta.value("cluster", ""),
                                task.meta.value("family", ""), hash}));
      panel.push_back({{"role", part->role}, {"split", part->splits[i]}, {"task", task.id}, {"sha256", hash}});
    }
  }
  const std::string text = panel.dump(1) + "\n";
  const std::string hash = sha256_hex(text).substr(0, 16);
  IPR_ASSIGN(const std::optional<std::string> before, store_->state("panel"));
  if (before && *before != hash) {
    return bad_data(config_.out + ": the environment's tasks have changed since the run began; restore its data, or " +
                    "begin a new run with --out");
  }
  IPR_TRY(store_->set_state("panel", hash));
  IPR_TRY(store_->set_state("overlap", dump_line(report::to_json(overlaps_))));
  IPR_TRY(unit.commit());
  for (std::size_t i = 0; i < train_.tasks.size(); ++i) train_index_[train_.tasks[i].id] = i;
  snapshots_ = std::make_unique<rollout::Snapshots>(*config_.environment, env_seed_, config_.max_steps, 20000);
  return write_file(config_.out + "/panel.json", text);
}

Result<std::vector<rollout::Trajectory>> Run::play_experts() {
  const env::Environment& environment = *config_.environment;
  std::vector<rollout::Trajectory> played;
  progress_.begin("expert", "tasks", train_.tasks.size());
  if (!config_.expert_file.empty()) {
    IPR_ASSIGN(const std::vector<ExpertRecord> records, read_expert_file(config_.expert_file));
    for (const ExpertRecord& record : records) {
      IPR_TRY(interrupted());
      const auto index = train_index_.find(record.task_id);
      if (index == train_index_.end()) continue;  // of another split
      IPR_ASSIGN(rollout::Trajectory trajectory,
                 play_replies(environment, train_.tasks[index->second], record.replies, env_seed_, config_.max_steps));
      trajectory.split = train_.splits[index->second];
      // Several of one task are told apart by their number.
      trajectory.sample =
          static_cast<std::uint64_t>(std::count_if(played.begin(), played.end(), [&](const rollout::Trajectory& other) {
            return other.task == trajectory.task;
          }));
      played.push_back(std::move(trajectory));
    }
  } else if (environment.has_expert()) {
    for (std::size_t i = 0; i < train_.tasks.size(); ++i) {
      IPR_TRY(interrupted());
      IPR_ASSIGN(std::optional<rollout::Trajectory> trajectory,
                 play_expert(environment, train_.tasks[i], env_seed_, config_.max_steps));
      progress_.update(i + 1);
      if (!trajectory) continue;
      trajectory->split = train_.splits[i];
      played.push_back(std::move(*trajectory));
    }
  }
  return played;
}

Status Run::collect_experts() {
  IPR_ASSIGN(const bool recorded, store_->stage_done(store::kExpert));
  if (recorded) {
    return each_recorded(store::kExpert, [&](const store::Episode&, rollout::Trajectory trajectory) {
      demonstrations_.push_back(std::move(trajectory));
      return Status();
    });
  }
  IPR_ASSIGN(demonstrations_, play_experts());
  double sum = 0, turns = 0;
  const std::vector<const rollout::Trajectory*> kept = kept_demonstrations();
  for (const rollout::Trajectory* trajectory : kept) {
    sum += trajectory->outcome;
    turns += static_cast<double>(trajectory->turns.size());
  }
  if (kept.empty()) {
    const std::string least = Json(config_.environment->defaults().expert_min_outcome).dump();
    return bad_data(
        config_.expert_file.empty()
            ? "environment \"" + config_.environment->id() + "\": no expert trajectory with an outcome above " + least +
                  " on the train tasks; give --expert FILE, or data with an expert"
            : "--expert " + config_.expert_file + ": none of " + std::to_string(demonstrations_.size()) +
                  " trajectories on the train tasks has an outcome above " + least + "; give a file with better ones");
  }
  const auto count = static_cast<double>(kept.size());
  char line[160];
  std::snprintf(line, sizeof line, "%zu of %zu train tasks kept, mean reward %.3f, %.1f turns", kept.size(),
                train_.tasks.size(), sum / count, turns / count);
  progress_.finish(line);
  return {};
}

Status Run::load_given_model() {
  if (is_mini(config_.model)) return {};
  IPR_ASSIGN(speech_, load_speech(config_.model, config_.chat_template));
  IPR_ASSIGN(start_weights_, load_start_model(config_.model, config_.lora, config_.seed));
  return check_speech(*speech_, start_weights_.config, config_.model);
}

Status Run::make_start_model() {
  IPR_ASSIGN(env::Prompts prompts, config_.environment->prompts());
  if (is_mini(config_.model)) {
    progress_.begin("tokenizer", "texts", 0);
    text::Tokenizer tokenizer =
        train_mini_tokenizer(kept_demonstrations(), prompts, config_.environment->defaults().added_tokens);
    IPR_ASSIGN(text::ChatTemplate chat_template, text::ChatTemplate::make(kMiniTemplate, tokenizer));
    speech_ = std::make_unique<Speech>(Speech{std::move(tokenizer), std::move(chat_template)});
    tokenize_experts(std::move(prompts));
    std::size_t longest = 0;
    for (const rollout::Trajectory* expert : kept_demonstrations()) {
      longest = std::max(longest, dialogue_->history(*expert, expert->turns.size(), true).ids.size());
    }
    start_weights_ = model::random_weights(mini_config(speech_->tokenizer, longest, config_.model),
                                           mix(config_.seed, fnv1a64("mini")));
    char line[120];
    std::snprintf(line, sizeof line, "%d ids, model of %.2f M parameters", speech_->tokenizer.vocab_size(),
                  static_cast<double>(start_weights_.config.parameter_count()) / 1e6);
    progress_.finish(line);
  } else {
    tokenize_experts(std::move(prompts));
  }
  return {};
}

void Run::tokenize_experts(env::Prompts prompts) {
  dialogue_ = std::make_unique<rollout::Dialogue>(speech_->tokenizer, speech_->chat_template, std::move(prompts),
                                                  config_.replies);
  for (rollout::Trajectory& trajectory : demonstrations_) {
    for (rollout::TrajectoryTurn& turn : trajectory.turns) turn.reply_ids = dialogue_->reply_ids(turn.message);
  }
}

// The paper's filter (appendix E): ended by the environment, with an outcome above the environment's least.
std::vector<const rollout::Trajectory*> Run::kept_demonstrations() const {
  std::vector<const rollout::Trajectory*> kept;
  for (const rollout::Trajectory& trajectory : demonstrations_) {
    const double least = config_.environment->home(trajectory.task->id).defaults().expert_min_outcome;
    if (trajectory.terminated && trajectory.outcome > least) kept.push_back(&trajectory);
  }
  return kept;
}

Status Run::record_experts() {
  IPR_ASSIGN(const bool recorded, store_->stage_done(store::kExpert));
  IPR_ASSIGN(store::Unit unit, store_->begin());
  const std::vector<const rollout::Trajectory*> kept = kept_demonstrations();
  for (rollout::Trajectory& trajectory : demonstrations_) {
    const bool is_kept = std::find(kept.begin(), kept.end(), &trajectory) != kept.end();
    const rollout::Trajectory* in_book = nullptr;
    if (recorded) {
      in_book = put_into_book(std::move(trajectory));
    } else {
      IPR_ASSIGN(in_book, keep(trajectory, store::kExpert, 0, 0, "expert"));
    }
    if (is_kept) experts_.push_back(in_book);
  }
  demonstrations_.clear();
  IPR_TRY(store_->mark_done(store::kExpert));
  return unit.commit();
}

}  // namespace ipr::loop
