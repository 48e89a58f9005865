#include <cstdio>
#include <filesystem>
#include <memory>

#include "core/base/files.h"
#include "core/host/commands.h"
#include "core/host/compute.h"
#include "core/host/interrupt.h"
#include "core/host/known_models.h"
#include "core/host/model_files.h"
#include "core/host/run_plan.h"
#include "core/loop/offline.h"
#include "core/loop/offline_rows.h"

namespace ipr::host {
namespace fs = std::filesystem;
namespace {

struct TrainCommand {
  Options options;
  std::string rows, reference, losses;
  TrainCommand() { options.model.clear(); }
};

// A checkpoint and, where the folder has one, its tokenizer.
struct Loaded {
  std::string folder;
  model::Weights weights;
  std::unique_ptr<loop::Speech> speech;
};

// `lora`: the rank of the change to be trained, 0 for none.
Result<Loaded> load(const std::string& flag, const std::string& model, const std::string& chat_template, int lora) {
  if (!may_be_model(model)) return bad_data(flag + " " + model + ": is neither a checkpoint folder nor a GGUF file");
  IPR_ASSIGN(const std::string folder, find_model(model));
  Loaded loaded;
  loaded.folder = folder;
  IPR_ASSIGN(loaded.weights, loop::load_start_model(folder, lora, 0));
  if (loop::has_speech(folder)) {
    IPR_ASSIGN(loaded.speech, loop::load_speech(folder, chat_template));
    IPR_TRY(loop::check_speech(*loaded.speech, loaded.weights.config, folder));
  }
  return loaded;
}

// Log-probs of two models are compared token by token.
Status check_same_vocabulary(const TrainCommand& command, const Loaded& model, const Loaded& reference) {
  const std::string place = "--reference " + command.reference;
  const std::int64_t own = model.weights.config.vocab_size, other = reference.weights.config.vocab_size;
  if (own != other) {
    return usage(place + ": has a vocabulary of " + std::to_string(other) + ", the model one of " +
                 std::to_string(own) + "; give a model with the same tokenizer");
  }
  if (model.speech && reference.speech && model.speech->tokenizer.to_json() != reference.speech->tokenizer.to_json())
    return usage(place + ": has another tokenizer than --model; give a model with the same one");
  return {};
}

// What is trained with another template than the folder's own must be played with that one.
Status name_chat_template(const Loaded& model, std::map<std::string, std::string>& files) {
  constexpr const char* kConfig = "tokenizer_config.json";
  Json config = Json::object();
  if (files.contains(kConfig)) {
    IPR_ASSIGN(config, parse_json(files[kConfig], model.folder + "/" + kConfig));
  }
  config["chat_template"] = model.speech->chat_template.jinja();
  files[kConfig] = config.dump(2) + "\n";
  files.erase("chat_template.jinja");
  return {};
}

// One line per optimizer step; null where the optimizer has no such part. Further parts follow under their own names.
std::string losses_text(const std::vector<loop::OfflineStep>& steps) {
  std::string text;
  for (const loop::OfflineStep& step : steps) {
    Json line = {{"o_dpo", nullptr}, {"s_dpo", nullptr}, {"sft", nullptr}};
    for (const auto& [name, value] : step.parts) line[name] = value;
    line["step"] = step.record.step + 1;
    line["total"] = step.record.loss;
    line["grad_norm"] = step.record.grad_norm;
    line["lr"] = step.record.lr;
    text += dump_line(line) + "\n";
  }
  return text;
}

Status check_words(const TrainCommand& command) {
  const std::string& out = command.options.out;
  IPR_TRY(check_profile(command.options.profile));
  IPR_TRY(need(command.options.model, "--model", "the checkpoint folder to start from"));
  IPR_TRY(need(command.rows, "--data", "a JSON Lines file of rows"));
  IPR_TRY(need(out, "--out", "a new folder for the checkpoint"));
  std::error_code ignored;
  if (fs::exists(out) && !(fs::is_directory(out) && fs::is_empty(out, ignored)))
    return usage("--out " + out + ": exists; give a new folder");
  IPR_TRY(check_can_make(out));
  if (command.losses.empty()) return {};
  const fs::path folder = fs::absolute(command.losses, ignored).parent_path();
  if (!fs::is_directory(folder, ignored))
    return usage("--log-losses " + command.losses + ": there is no folder " + folder.string() + "; make it first");
  return check_can_make(command.losses);
}

Status train(const TrainCommand& command) {
  const std::atomic<bool>& stop = stop_on_signals();
  IPR_TRY(check_words(command));
  const Options& options = command.options;
  IPR_ASSIGN(const std::vector<SettingSource> sources, setting_sources(options));
  loop::OfflineJob job;
  const plugin::Registry registry = registry_for(options);
  const PluginRole role{plugin::Kind::kOptimizer, options.optimizer, "optimizer"};
  IPR_TRY(check_scopes(sources, {role}, registry));
  std::vector<report::Setting> settings_shown;  // of a run's plan; nothing here shows it
  IPR_ASSIGN(job.optimizer, choose_plugin(registry, role, options, sources, {}, settings_shown));
  IPR_ASSIGN(const loop::StageSettings settings, loop::offline_settings(job.optimizer));

  IPR_ASSIGN(const Loaded model, load("--model", options.model, options.chat_template, options.lora));
  Loaded reference;
  if (!command.reference.empty()) {
    IPR_ASSIGN(reference, load("--reference", command.reference, options.chat_template, 0));
    IPR_TRY(check_same_vocabulary(command, model, reference));
  }
  const loop::RowTarget target{model.speech.get(), model.weights.config.vocab_size, model.weights.config.max_positions,
                               settings.train.observation_loss};
  IPR_ASSIGN(loop::OfflineRows rows, loop::read_offline_rows(command.rows, target));
  loop::ProgressLine progress(false);
  progress.say(command.rows + ": " + std::to_string(rows.sft) + " SFT rows, " + std::to_string(rows.outcome_pairs) +
               " outcome pairs, " + std::to_string(rows.step_pairs) + " step pairs");

  job.rows = std::move(rows.rows);
  job.start = &model.weights;
  job.reference = command.reference.empty() ? nullptr : &reference.weights;
  IPR_ASSIGN(job.compute, compute_of(options, ModelOrigin::kFile, model.folder));
  job.seed = options.seed;
  IPR_ASSIGN(const loop::OfflineResult trained, loop::train_offline(std::move(job), progress, stop));

  IPR_ASSIGN(auto files, other_files(model.folder));
  // The tokenizer of a GGUF file or of a tokenizer.model goes along as a tokenizer.json, which every reader knows.
  if (model.speech && !files.contains("tokenizer.json")) files.merge(loop::speech_files(*model.speech));
  if (model.speech && !options.chat_template.empty()) IPR_TRY(name_chat_template(model, files));
  IPR_TRY(model::save_checkpoint(options.out, trained.weights, files));
  if (!command.losses.empty()) IPR_TRY(write_file(command.losses, losses_text(trained.steps)));
  const double last = trained.steps.empty() ? 0 : trained.steps.back().record.loss;
  if (options.json) {
    std::printf("%s\n", dump_line({{"out", options.out},
                                   {"sha256", loop::weights_hash(trained.weights)},
                                   {"sft_rows", rows.sft},
                                   {"outcome_pairs", rows.outcome_pairs},
                                   {"step_pairs", rows.step_pairs},
                                   {"steps", trained.steps.size()},
                                   {"last_loss", last},
                                   {"tokens_per_second", trained.tokens_per_second}})
                            .c_str());
    return {};
  }
  std::printf("%zu steps, last loss %.6g\ncheckpoint  %s\n", trained.steps.size(), last, options.out.c_str());
  return {};
}

}  // namespace

void add_train(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<TrainCommand>();  // shared with the callback, which outlives this function
  CLI::App* command =
      app.add_subcommand("train", "offline training from trajectories or pairs, without an environment");
  command->add_option("--model", state->options.model, "checkpoint folder to start from");
  command->add_option("--reference", state->reference,
                      "checkpoint folder that losses compare with (default: the model as it starts)");
  command->add_option("--data", state->rows, "rows: JSON Lines of messages, ShareGPT, pairs or token ids");
  command->add_option("--log-losses", state->losses, "JSON Lines file: one line per optimizer step");
  add_flags(*command, state->options,
            {"optimizer", "out", "config", "set", "profile", "plugin-path", "seed", "device", "dtype", "lora",
             "model-threads", "chat-template", "json", "verbose"});
  command->callback([state, command, &chosen] {
    chosen.work = [state, command]() -> Status {
      IPR_TRY(finish_options(*command, state->options));
      return train(*state);
    };
  });
}

}  // namespace ipr::host
