#include "core/host/options.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/strings.h"
#include "core/host/config_file.h"
#include "core/text/chat_form.h"

namespace ipr::host {
namespace {

struct Flag {
  const char* name;
  const char* help;
  std::function<CLI::Option*(CLI::App&, Options&, const std::string& names, const std::string& help)> add;
};

template <typename T>
Flag value(const char* name, const char* help, T Options::*member) {
  return {name, help, [member](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
            return app.add_option(names, o.*member, text)->capture_default_str();
          }};
}
// A number whose default is somebody else's, as its help says.
template <typename T>
Flag open_value(const char* name, const char* help, T Options::*member) {
  return {name, help, [member](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
            return app.add_option(names, o.*member, text);
          }};
}
Flag toggle(const char* name, const char* help, bool Options::*member) {
  return {name, help, [member](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
            return app.add_flag(names, o.*member, text);
          }};
}

const std::vector<Flag>& flags() {
  static const std::vector<Flag> all = {
      value("env", "environment plugin; of several (a,b) one agent is trained", &Options::env),
      value("scorer", "scorer plugin: who rates steps", &Options::scorer),
      value("optimizer", "optimizer plugin: which pairs, which loss", &Options::optimizer),
      value("model", "mini, mini-small or mini-large (trained from scratch), or a Hugging Face checkpoint folder",
            &Options::model),
      {"chat-template", "where the model has no chat template of its own, or another is meant (docs/models.md)",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& help) {
         return app.add_option(names, o.chat_template, help)->type_name(join(text::chat_form_names(), "|"));
       }},
      {"stop", "a reply ends before this text, as at its end of turn; may be given several times",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
         return app.add_option(names, o.stop, text)->take_all()->expected(1)->allow_extra_args(false);
       }},
      value("overflow", "a chat longer than the model's context ends the episode (end), or loses its front (keep-tail)",
            &Options::overflow),
      value("data", "folder with the environment's data (default: its generated world); of several ENV=DIR,ENV=DIR",
            &Options::data),
      value("env-data", "folder with the environment's data, where --data is another thing", &Options::data),
      value("expert", "expert trajectories, ShareGPT or messages, JSON or JSONL", &Options::expert),
      value("start-from", "run folder whose SFT model to take instead of training the same one again",
            &Options::start_from),
      value("scores-from", "run folder whose step scores to take where this run would score the same step again",
            &Options::scores_from),
      value("split", "split or role: train, dev, test", &Options::split),
      {"split-lists", "folder or files of train and test task lists (same as --set env.split_lists=A,B)",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
         return app.add_option(names, o.split_lists, text);
       }},
      {"train-families", "train, and choose on dev, with tasks of these families only; commas between them",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
         return app.add_option(names, o.train_families, text)->delimiter(',');
       }},
      {"test-families", "test on tasks of these families only; commas between them",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
         return app.add_option(names, o.test_families, text)->delimiter(',');
       }},
      toggle("allow-overlap", "run although train, dev and test share tasks; every table is marked",
             &Options::allow_overlap),
      value("limit", "use at most K tasks (0: all)", &Options::limit),
      open_value("iterations", "IPR iterations (default 4; mini: 3)", &Options::iterations),
      open_value("samples", "Monte Carlo samples per step (default 5)", &Options::samples),
      open_value("threshold", "step reward threshold tau (default: the environment's)", &Options::threshold),
      value("max-steps", "messages an agent may use per episode (0: the environment's)", &Options::max_steps),
      {"seed", "seed of the run",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
         return app.add_option(names, o.seed, text)
             ->capture_default_str()
             ->check(CLI::Validator(
                 [](const std::string& value) {
                   const bool whole = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
                   return whole ? std::string() : "\"" + value + "\": give a whole number, 0 or more";
                 },
                 ""));
       }},
      value("max-new-tokens", "of one reply, wherever a model plays (0: 64 for mini, else 512)",
            &Options::max_new_tokens),
      value("out",
            "folder of the run (default: runs/<env>-<scorer>-<optimizer>-<hash>) or of the model that is trained",
            &Options::out),
      toggle("resume", "go on with the run in --out (automatic when its config is the same)", &Options::resume),
      value("config", "JSON file with flags by name; comments allowed", &Options::config),
      {"set",
       "KEY=VALUE: a plugin's setting (webshop.reward=dense, env.X, scorer.X, optimizer.X) or train.X, sft.train.X",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
         return app.add_option(names, o.set, text)->take_all()->expected(1)->allow_extra_args(false);
       }},
      value("prompts", "folder of prompts (same as --set env.prompts=DIR)", &Options::prompts),
      value("profile", "default, paper or released: where paper and released code differ", &Options::profile),
      value("preset", "full, or quick: a third of the SFT updates, 1 iteration, 100 test goals", &Options::preset),
      {"plugin-path", "folder or library to look for plugins first",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
         return app.add_option(names, o.plugin_path, text)
             ->take_all()
             ->expected(1)
             ->allow_extra_args(false)
             ->check(CLI::ExistingPath);
       }},
      value("device", "where models run: cpu, cuda, cuda:N", &Options::device),
      value("dtype",
            "fp32, bf16, bf32 (f32 trained with rounder products), or auto, which asks model file and processor",
            &Options::dtype),
      value("lora", "rank of the change that is trained to a frozen --model (0: all its weights are)", &Options::lora),
      value("threads", "environment and rollout workers; never changes a result (0: as many as cores)",
            &Options::threads),
      value("model-threads", "threads of the model; part of the config", &Options::model_threads),
      toggle("dry-run", "print the plan, start nothing", &Options::dry_run),
      toggle("json", "machine-readable output", &Options::json),
      toggle("verbose", "more detail on standard error", &Options::verbose)};
  return all;
}

// What a value may be, as --help and the shells' completion show it; words in capitals stand for something.
const std::map<std::string, std::string> kWords = {{"model", "mini|mini-small|mini-large|FOLDER"},
                                                   {"split", "train|dev|test"},
                                                   {"overflow", "end|keep-tail"},
                                                   {"profile", "default|paper|released"},
                                                   {"preset", "full|quick"},
                                                   {"device", "cpu|cuda|cuda:N"},
                                                   {"dtype", "auto|fp32|bf32|bf16"}};

std::string variable_of(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return "IPR_HOST_" + name;
}

// One entry of the config file as the words that the command line would have held.
std::vector<std::string> words_of(const Json& entry) {
  std::vector<std::string> words;
  if (entry.is_array()) {
    for (const Json& item : entry) words.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  } else {
    words.push_back(entry.is_string() ? entry.get<std::string>() : entry.dump());
  }
  return words;
}

// "--max-steps" without its dashes; empty for a positional, --help and --version.
std::string name_of(const CLI::Option& option) {
  const std::vector<std::string>& names = option.get_lnames();
  return names.empty() || names[0] == "help" || names[0] == "version" ? std::string() : names[0];
}

// Flags of all commands: a file may serve several.
std::vector<std::string> known_flags(const CLI::App& command) {
  std::vector<std::string> known = {"set"};
  for (const Flag& flag : flags()) known.emplace_back(flag.name);
  for (const CLI::Option* option : command.get_options()) known.push_back(name_of(*option));
  std::erase_if(known, [](const std::string& name) { return name.empty() || name == "config"; });
  return known;
}

}  // namespace

void add_flags(CLI::App& command, Options& options, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto flag = std::find_if(flags().begin(), flags().end(), [&](const Flag& f) { return f.name == name; });
    const std::string spelled = (name == "verbose" ? "-v,--" : "--") + name;
    CLI::Option* option = flag->add(command, options, spelled, flag->help);
    if (const auto words = kWords.find(name); words != kWords.end()) option->type_name(words->second);
    options.shared.insert(name);
  }
}

void add_variables(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (!name_of(*option).empty()) option->envname(variable_of(name_of(*option)));
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) add_variables(*command);
}

Status apply_config(const CLI::App& command, Options& options, const ConfigFile& file) {
  options.config_set = file.set;
  const std::vector<std::string> known = known_flags(command);
  for (const auto& [name, entry] : file.flags) {
    // A run's `data` is its environment's.
    const std::string key = file.of_run && name == "data" && options.shared.count("env-data") > 0 ? "env-data" : name;
    if (std::find(known.begin(), known.end(), key) == known.end())
      return usage(options.config + ": unknown flag \"" + key + "\"" + did_you_mean(key, known));
    if (file.of_run && options.shared.count(key) == 0) continue;  // another thing by the same name, or none
    const CLI::Option* found = command.get_option_no_throw("--" + key);
    if (found == nullptr || options.given(key)) continue;  // not a flag of this command, or given more strongly
    auto* const option = const_cast<CLI::Option*>(found);
    try {
      option->clear();
      for (const std::string& word : words_of(entry)) option->add_result(word);
      option->run_callback();
    } catch (const CLI::Error& error) {
      return usage(options.config + ": \"" + key + "\": " + error.what());
    }
    options.origin[key] = kConfigFile;
  }
  return {};
}

Status finish_options(const CLI::App& command, Options& options) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = name_of(*option);
    if (name.empty() || option->count() == 0) continue;
    // A flag is stronger than its variable; where both say the same it does not matter who is named.
    const char* variable = std::getenv(variable_of(name).c_str());
    const bool from_variable = variable != nullptr && option->results() == std::vector<std::string>{variable};
    options.origin[name] = from_variable ? kVariable : kFlag;
  }
  if (options.config.empty()) return {};
  IPR_ASSIGN(const ConfigFile file, read_config_file(options.config));
  return apply_config(command, options, file);
}

Status need(const std::string& value, const std::string& flag, const std::string& what) {
  return value.empty() ? usage("no " + flag + "; give " + what) : Status();
}

}  // namespace ipr::host
