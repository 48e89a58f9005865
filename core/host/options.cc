#include "core/host/options.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/strings.h"

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
Flag toggle(const char* name, const char* help, bool Options::*member) {
  return {name, help, [member](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
            return app.add_flag(names, o.*member, text);
          }};
}

const std::vector<Flag>& flags() {
  static const std::vector<Flag> all = {
      value("env", "environment plugin", &Options::env),
      value("scorer", "scorer plugin: who rates steps", &Options::scorer),
      value("optimizer", "optimizer plugin: which pairs, which loss", &Options::optimizer),
      value("model", "mini (trained from scratch), or a Hugging Face checkpoint folder", &Options::model),
      value("data", "folder with the environment's data (default: its generated world)", &Options::data),
      value("expert", "expert trajectories, ShareGPT or messages, JSON or JSONL", &Options::expert),
      value("start-from", "run folder whose SFT model to take instead of training the same one again",
            &Options::start_from),
      value("split", "split or role: train, dev, test", &Options::split),
      {"split-lists", "folder or files of train and test task lists (same as --set env.split_lists=A,B)",
       [](CLI::App& app, Options& o, const std::string& names, const std::string& text) {
         return app.add_option(names, o.split_lists, text);
       }},
      toggle("allow-overlap", "run although train, dev and test share tasks; every table is marked",
             &Options::allow_overlap),
      value("limit", "use at most K tasks (0: all)", &Options::limit),
      value("iterations", "IPR iterations (default 4; mini: 3)", &Options::iterations),
      value("samples", "Monte Carlo samples per step (default 5)", &Options::samples),
      value("threshold", "step reward threshold tau (default: the environment's)", &Options::threshold),
      value("max-steps", "messages an agent may use per episode (0: the environment's)", &Options::max_steps),
      value("seed", "seed of the run", &Options::seed),
      value("out", "run folder (default: runs/<env>-<scorer>-<optimizer>-<hash>)", &Options::out),
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
         return app.add_option(names, o.plugin_path, text)->take_all()->expected(1)->allow_extra_args(false);
       }},
      value("device", "where training runs: cpu, cuda, cuda:N", &Options::device),
      value("threads", "environment and rollout workers; never changes a result (0: as many as cores)",
            &Options::threads),
      value("model-threads", "threads of the model; part of the config", &Options::model_threads),
      toggle("dry-run", "print the plan, start nothing", &Options::dry_run),
      toggle("json", "machine-readable output", &Options::json),
      toggle("verbose", "more detail on standard error", &Options::verbose)};
  return all;
}

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

Status apply_config_file(const CLI::App& command, Options& options) {
  IPR_ASSIGN(const Json file, read_json(options.config, /*allow_comments=*/true));
  if (!file.is_object()) return usage(options.config + ": expected a JSON object of flags");
  std::vector<std::string> known;
  for (const Flag& flag : flags()) known.emplace_back(flag.name);
  for (const auto& [key, entry] : file.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return usage(options.config + ": unknown flag \"" + key + "\"" + did_you_mean(key, known));
    }
    CLI::Option* option = command.get_option_no_throw("--" + key) == nullptr
                              ? nullptr
                              : const_cast<CLI::Option*>(command.get_option("--" + key));
    if (option == nullptr || options.given(key)) continue;  // not a flag of this command, or given more strongly
    try {
      option->clear();
      for (const std::string& word : words_of(entry)) option->add_result(word);
      option->run_callback();
    } catch (const CLI::Error& error) {
      return usage(options.config + ": \"" + key + "\": " + error.what());
    }
    options.origin[key] = "config file";
  }
  return {};
}

}  // namespace

void add_flags(CLI::App& command, Options& options, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto flag = std::find_if(flags().begin(), flags().end(), [&](const Flag& f) { return f.name == name; });
    const std::string spelled = (name == "verbose" ? "-v,--" : "--") + name;
    flag->add(command, options, spelled, flag->help)->envname(variable_of(name));
  }
}

Status finish_options(const CLI::App& command, Options& options) {
  for (const Flag& flag : flags()) {
    const CLI::Option* option = command.get_option_no_throw(std::string("--") + flag.name);
    if (option == nullptr || option->count() == 0) continue;
    // A flag is stronger than its variable; where both say the same it does not matter who is named.
    const char* variable = std::getenv(variable_of(flag.name).c_str());
    const bool from_variable = variable != nullptr && option->results() == std::vector<std::string>{variable};
    options.origin[flag.name] = from_variable ? "environment variable" : "flag";
  }
  return options.config.empty() ? Status() : apply_config_file(command, options);
}

}  // namespace ipr::host
