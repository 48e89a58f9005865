#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/base/strings.h"
#include "core/host/commands.h"
#include "core/host/compute.h"
#include "core/host/interrupt.h"
#include "core/host/known_models.h"
#include "core/host/run_plan.h"
#include "core/loop/saved_training.h"
#include "core/loop/value_fit.h"
#include "core/loop/value_metrics.h"

namespace ipr::host {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTrainedBy = "x-trained-by";  // key of a scorer's schema: the optimizer that fits its model
// A smaller checkpoint was made from scratch by a run of `mini`, and takes the settings of that profile.
constexpr std::int64_t kMiniParameters = 10'000'000;

struct TrainScorerCommand {
  Options options;
  std::vector<std::string> files;
  std::string hold_out;
  double held_out = 0.1;
  bool allow_lazy = false;
  TrainScorerCommand() {
    options.model.clear();
    options.scorer.clear();
  }
  [[nodiscard]] std::string saved_file() const { return options.out + ".training.ckpt"; }
};

// The steps by what they are for.
struct Parts {
  loop::StepData train, held_out, other;  // other: those of --hold-out
};

// How good the model is on one of them; by environment, too, where the steps are of several.
struct Measured {
  loop::ValueMetrics all;
  std::map<std::string, loop::ValueMetrics> by_env;
};

Status check_words(const TrainScorerCommand& command) {
  const std::string& out = command.options.out;
  IPR_TRY(check_profile(command.options.profile));
  IPR_TRY(need(command.options.scorer, "--scorer", "the scorer to be trained, e.g. reward-model"));
  IPR_TRY(need(command.files.empty() ? "" : command.files.front(), "--data",
               "files of scored steps, as `ipr-host export RUN --format steps` writes them"));
  IPR_TRY(need(command.options.model, "--model", "the checkpoint folder to start from"));
  IPR_TRY(need(out, "--out", "a new folder for the trained model"));
  if (command.held_out < 0 || command.held_out >= 1)
    return usage("--held-out: give a share of the tasks, from 0 to below 1");
  std::error_code ignored;
  if (fs::exists(out) && !(fs::is_directory(out) && fs::is_empty(out, ignored)))
    return usage("--out " + out + ": exists; give a new folder");
  if (!may_be_model(command.options.model))
    return bad_data("--model " + command.options.model + ": is neither a checkpoint folder nor a GGUF file");
  return check_can_make(out);
}

// The optimizer that a scorer's schema names.
Result<std::string> optimizer_of(const plugin::Registry& registry, const std::string& scorer) {
  IPR_ASSIGN(const plugin::Manifest manifest, plugin::find_plugin(registry, plugin::Kind::kScorer, scorer));
  const auto trained_by = [](const plugin::Manifest& m) { return m.schema.value(kTrainedBy, std::string()); };
  if (!trained_by(manifest).empty()) return trained_by(manifest);
  std::vector<std::string> trainable;
  for (const plugin::Manifest& other : registry.plugins) {
    if (other.kind == plugin::Kind::kScorer && !trained_by(other).empty()) trainable.push_back(other.id);
  }
  return usage("--scorer " + scorer + ": has no model to be trained; " +
               (trainable.empty() ? "no scorer here has one" : "scorers that have one: " + join(trainable, ", ")));
}

Result<loop::PluginChoice> choose_optimizer(const TrainScorerCommand& command, const plugin::Registry& registry,
                                            bool mini) {
  IPR_ASSIGN(const std::vector<SettingSource> sources, setting_sources(command.options));
  IPR_ASSIGN(const std::string id, optimizer_of(registry, command.options.scorer));
  const PluginRole role{plugin::Kind::kOptimizer, id, "optimizer"};
  IPR_TRY(check_scopes(sources, {role, {plugin::Kind::kScorer, command.options.scorer, "scorer"}}, registry));
  Options options = command.options;
  if (mini) options.model = "mini";
  std::vector<report::Setting> settings_shown;  // of a run's plan; nothing here shows it
  return choose_plugin(registry, role, options, sources, {}, settings_shown);
}

Result<loop::StepData> read_all(const TrainScorerCommand& command, const loop::StepTarget& target,
                                loop::ProgressLine& progress) {
  loop::StepData steps;
  for (const std::string& file : command.files) {
    const std::size_t before = steps.steps.size();
    IPR_TRY(loop::read_steps(file, target, steps));
    progress.say(file + ": " + std::to_string(steps.steps.size() - before) + " steps");
  }
  if (steps.too_long > 0)
    progress.say(std::to_string(steps.too_long) + " steps left out: longer than the model's " +
                 std::to_string(target.max_positions) + " tokens");
  if (steps.unknown + steps.lazy > 0)
    progress.say(
        "warning: " + std::to_string(steps.unknown + steps.lazy) +
        " steps were scored lazily, or do not say so (\"lazy\"): they may be a biased sample of an agent's steps");
  return steps;
}

// By task: the steps of one stand on one side, whoever took them.
Result<Parts> divide(const TrainScorerCommand& command, const loop::StepData& steps) {
  const std::uint64_t seed = mix(command.options.seed, fnv1a64("held-out"));
  const auto is_other = [&](const loop::ScoredStep& step) {
    return !command.hold_out.empty() && (step.generator == command.hold_out || step.env == command.hold_out);
  };
  const auto is_held = [&](const loop::ScoredStep& step) {
    return Rng(mix(seed, fnv1a64(step.task))).uniform() < command.held_out;
  };
  Parts parts;
  parts.train = loop::part_of(steps, [&](const auto& step) { return !is_other(step) && !is_held(step); });
  parts.held_out = loop::part_of(steps, [&](const auto& step) { return !is_other(step) && is_held(step); });
  parts.other = loop::part_of(steps, is_other);
  std::set<std::string> generators;
  for (const loop::ScoredStep& step : steps.steps) generators.insert({step.generator, step.env});
  generators.erase("");
  const std::vector<std::string> known(generators.begin(), generators.end());
  if (!command.hold_out.empty() && parts.other.steps.empty())
    return usage("--hold-out " + command.hold_out + ": no step is by or of it; the files have those of " +
                 join(known, ", "));
  if (parts.train.steps.empty())
    return bad_data("--data: nothing is left to train on; give more steps, or hold out less (--held-out, --hold-out)");
  return parts;
}

Measured measure(const loop::StepData& steps, const std::vector<double>& predicted, double constant) {
  Measured measured{loop::measure_values(steps.steps, predicted, constant), {}};
  std::map<std::string, std::pair<std::vector<loop::ScoredStep>, std::vector<double>>> by_env;
  for (std::size_t i = 0; i < steps.steps.size(); ++i) {
    by_env[steps.steps[i].env].first.push_back(steps.steps[i]);
    by_env[steps.steps[i].env].second.push_back(predicted[i]);
  }
  if (by_env.size() < 2) return measured;
  for (const auto& [env, its] : by_env)
    measured.by_env[env.empty() ? "(not said)" : env] = loop::measure_values(its.first, its.second, constant);
  return measured;
}

Json to_json(const Measured& measured) {
  Json json = loop::to_json(measured.all);
  for (const auto& [env, its] : measured.by_env) json["by_env"][env] = loop::to_json(its);
  return json;
}

double mean_value(const loop::StepData& steps) {
  double sum = 0;
  for (const loop::ScoredStep& step : steps.steps) sum += step.value;
  return sum / static_cast<double>(steps.steps.size());
}

std::string text_of(const loop::ValueMetrics& metrics) {
  if (metrics.steps == 0) return "no step by rollouts to measure on";
  char line[200];
  std::snprintf(line, sizeof line, "%zu steps, mse %.4f (always the mean: %.4f)", metrics.steps, metrics.mse,
                metrics.mse_of_constant);
  std::string text = line;
  if (metrics.pairs == 0) return text + ", no pair of rival steps";
  std::snprintf(line, sizeof line, ", %.1f %% of %zu pairs of rival steps in order", 100 * metrics.ordered,
                metrics.pairs);
  return text + line;
}

Result<Json> files_json(const TrainScorerCommand& command) {
  Json files = Json::array();
  for (const std::string& file : command.files) {
    IPR_ASSIGN(const std::string contents, read_file(file));
    files.push_back({{"file", file}, {"sha256", sha256_hex(contents)}});
  }
  return files;
}

// What the labels took by rollouts: so much is saved for as many steps that the model scores.
struct LabelCost {
  double steps = 0, rollouts = 0;  // steps: that rollouts have valued
  double seconds = 0;              // of the steps whose rows say how long a rollout took
  double timed_steps = 0;
  [[nodiscard]] double rollouts_per_step() const { return steps > 0 ? rollouts / steps : 0; }
  [[nodiscard]] std::optional<double> seconds_per_step() const {
    return timed_steps > 0 ? std::optional(seconds / timed_steps) : std::nullopt;
  }
};

LabelCost cost_of_labels(const std::vector<loop::ScoredStep>& steps) {
  LabelCost cost;
  for (const loop::ScoredStep& step : steps) {
    if (step.samples == 0) continue;  // a true outcome
    ++cost.steps;
    cost.rollouts += step.samples;
    if (step.rollout_seconds <= 0) continue;
    ++cost.timed_steps;
    cost.seconds += step.samples * step.rollout_seconds;
  }
  return cost;
}

std::string text_of(const LabelCost& cost, std::optional<double> seconds_per_value) {
  char line[200];
  std::snprintf(line, sizeof line, "%.1f rollouts", cost.rollouts_per_step());
  std::string text = line;
  const std::optional<double> seconds = cost.seconds_per_step();
  if (seconds) {
    std::snprintf(line, sizeof line, " (%.4f s)", *seconds);
    text += line;
  }
  text += " by each step that the model scores";
  if (seconds_per_value) {
    std::snprintf(line, sizeof line, ", which takes it %.4f s", *seconds_per_value);
    text += line;
  }
  std::snprintf(line, sizeof line, "; the labels took %.0f rollouts", cost.rollouts);
  text += line;
  if (!seconds) return text + "; how long is not in the files, export them again";
  std::snprintf(line, sizeof line, ", %.4f hours", *seconds * cost.steps / 3600);
  return text + line;
}

void print_measured(const std::string& name, const Measured& measured) {
  std::printf("%s  %s\n", name.c_str(), text_of(measured.all).c_str());
  for (const auto& [env, its] : measured.by_env) std::printf("  %-12s  %s\n", env.c_str(), text_of(its).c_str());
}

void print(const TrainScorerCommand& command, const Json& record, const Measured& held_out, const Measured& other,
           const LabelCost& cost, std::optional<double> seconds_per_value) {
  if (command.options.json) {
    Json answer = record;
    answer["out"] = command.options.out;
    answer["seconds_per_value"] = seconds_per_value ? Json(*seconds_per_value) : Json();
    std::printf("%s\n", dump_line(answer).c_str());
    return;
  }
  print_measured("held-out tasks", held_out);
  if (!command.hold_out.empty()) print_measured(command.hold_out, other);
  std::printf("saved           %s\n", text_of(cost, seconds_per_value).c_str());
  std::printf("checkpoint      %s\n", command.options.out.c_str());
}

Status train_scorer(const TrainScorerCommand& command) {
  const std::atomic<bool>& stop = stop_on_signals();
  IPR_TRY(check_words(command));
  const Options& options = command.options;
  const plugin::Registry registry = registry_for(options);
  IPR_TRY(optimizer_of(registry, options.scorer).status());
  IPR_ASSIGN(const std::string folder, find_model(options.model));
  IPR_ASSIGN(model::Weights start, loop::load_start_model(folder, options.lora, options.seed));
  IPR_ASSIGN(const auto speech, loop::load_speech(folder, options.chat_template));
  IPR_TRY(loop::check_speech(*speech, start.config, folder));
  const bool mini = start.config.parameter_count() < kMiniParameters;
  loop::ValueJob job;
  IPR_ASSIGN(job.optimizer, choose_optimizer(command, registry, mini));
  IPR_TRY(loop::value_settings(job.optimizer).status());

  loop::ProgressLine progress(false);
  const loop::StepTarget target{speech.get(), start.config.max_positions, command.allow_lazy};
  IPR_ASSIGN(const loop::StepData steps, read_all(command, target, progress));
  IPR_ASSIGN(const Parts parts, divide(command, steps));
  const double mean = mean_value(parts.train);
  progress.say(std::to_string(parts.train.steps.size()) + " steps to train on, " +
               std::to_string(parts.held_out.steps.size()) + " of held-out tasks" +
               (command.hold_out.empty()
                    ? std::string()
                    : ", " + std::to_string(parts.other.steps.size()) + " of " + command.hold_out));
  const std::string base_sha256 = loop::weights_hash(start);
  start.value_head = model::constant_value_head(start.config, static_cast<float>(mean));
  job.start = std::move(start);
  job.steps = &parts.train;
  IPR_ASSIGN(job.compute, compute_of(options, ModelOrigin::kFile, folder));
  job.seed = options.seed;
  job.saved_file = command.saved_file();
  // IPR_HOST_SAVE_SECONDS (tests): how much work a killed training may lose.
  if (const char* seconds = std::getenv("IPR_HOST_SAVE_SECONDS")) job.save_seconds = std::strtod(seconds, nullptr);
  IPR_TRY(make_folder(fs::absolute(options.out).parent_path().string()));
  IPR_ASSIGN(const loop::FittedValues fitted, loop::fit_values(std::move(job), progress, stop));

  const auto began = std::chrono::steady_clock::now();
  progress.begin("measure", "rows", parts.held_out.rows.size() + parts.other.rows.size());
  IPR_ASSIGN(const std::vector<double> predicted,
             loop::predict_values(*fitted.backend, parts.held_out, progress, stop));
  IPR_ASSIGN(const std::vector<double> predicted_other,
             loop::predict_values(*fitted.backend, parts.other, progress, stop));
  const std::size_t rows = predicted.size() + predicted_other.size();
  std::optional<double> seconds_per_value;
  if (rows > 0)
    seconds_per_value =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() / static_cast<double>(rows);
  progress.finish(std::to_string(rows) + " steps");
  const Measured held_out = measure(parts.held_out, predicted, mean),
                 other = measure(parts.other, predicted_other, mean);
  const LabelCost cost = cost_of_labels(steps.steps);

  IPR_ASSIGN(const Json files, files_json(command));
  Json record = {
      {"scorer", options.scorer},
      {"base", options.model},
      {"base_sha256", base_sha256},
      {"sha256", loop::weights_hash(fitted.weights)},
      {"data", files},
      {"seed", options.seed},
      {"training", train::train_settings_to_json(fitted.settings)},
      {"steps", fitted.steps},
      {"trained_on", parts.train.steps.size()},
      {"mean_value", mean},
      {"lazy_steps", steps.lazy},
      {"left_out", steps.too_long},
      {"held_out", to_json(held_out)},
      {"rollouts_per_step", cost.rollouts_per_step()},
      {"label_rollouts", static_cast<std::int64_t>(cost.rollouts)},
      {"seconds_per_step", cost.seconds_per_step() ? Json(*cost.seconds_per_step()) : Json()},
      {"label_hours", cost.seconds_per_step() ? Json(*cost.seconds_per_step() * cost.steps / 3600) : Json()}};
  if (!command.hold_out.empty()) record["hold_out"] = {{"generator", command.hold_out}, {"measured", to_json(other)}};
  std::map<std::string, std::string> kept = loop::speech_files(*speech);
  kept["scorer.json"] = record.dump(2) + "\n";
  IPR_TRY(model::save_checkpoint(options.out, fitted.weights, kept));
  loop::SavedTraining::remove(command.saved_file());
  print(command, record, held_out, other, cost, seconds_per_value);
  return {};
}

}  // namespace

void add_train_scorer(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<TrainScorerCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand("train-scorer", "fits a learned step-reward model to scored steps");
  command
      ->add_option("--data", state->files, "scored steps: JSON Lines of `export --format steps`, commas between files")
      ->delimiter(',');
  command->add_option("--model", state->options.model, "checkpoint folder to start from");
  command->add_option("--held-out", state->held_out, "share of the tasks that is measured on, not trained on")
      ->capture_default_str();
  command->add_option("--hold-out", state->hold_out,
                      "a generator (\"model\" of the rows, or a file without it) or an environment (\"env\") to be "
                      "measured on, not trained on");
  command->add_flag("--allow-lazy", state->allow_lazy,
                    "take steps that were scored only where a pair could come of them");
  add_flags(*command, state->options,
            {"scorer", "out", "config", "set", "profile", "plugin-path", "seed", "device", "dtype", "lora",
             "model-threads", "chat-template", "json", "verbose"});
  command->callback([state, command, &chosen] {
    chosen.work = [state, command]() -> Status {
      IPR_TRY(finish_options(*command, state->options));
      return train_scorer(*state);
    };
  });
}

}  // namespace ipr::host
