// The flags shared by commands, and where each value came from.
//
// Precedence: flag > IPR_HOST_<FLAG> variable > config file > default.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace ipr::host {

// Where a value came from, in config.json's words.
inline constexpr const char* kFlag = "flag";
inline constexpr const char* kVariable = "environment variable";
inline constexpr const char* kConfigFile = "config file";

struct Options {
  std::string env, scorer = "mc", optimizer = "ipr", model = "mini";
  std::string data, expert, start_from, scores_from, split = "test", out, config, prompts;
  std::string profile = "default", preset = "full", device = "cpu", dtype = "auto";
  std::vector<std::string> set, plugin_path, split_lists;
  std::vector<std::string> train_families, test_families;  // empty: all
  std::string chat_template;                               // empty: the model's own
  std::vector<std::string> stop;                           // strings that end a reply
  std::string overflow = "end";
  std::vector<std::string> config_set;  // KEY=VALUE of the config file, weaker than `set`
  int limit = 0, iterations = 0, samples = 0, max_steps = 0, threads = 0, model_threads = 2, lora = 0,
      max_new_tokens = 0;
  std::uint64_t seed = 0;
  double threshold = -1;
  bool resume = false, dry_run = false, json = false, verbose = false, allow_overlap = false;
  std::map<std::string, std::string> origin;  // flag name -> kFlag, kVariable or kConfigFile; absent: default
  std::set<std::string> shared;               // the flags that add_flags gave the command
  [[nodiscard]] bool given(const std::string& flag) const { return origin.count(flag) > 0; }
};

// Adds the named flags (without dashes) to a command. Unknown names are a programmer's error.
void add_flags(CLI::App& command, Options& options, const std::vector<std::string>& names);

// Gives every flag of every command its IPR_HOST_<FLAG> variable: once, when all commands are added.
void add_variables(CLI::App& app);

// To be called when a command's flags are parsed: notes origins, then fills from --config what was not given. Flags
// that the file may bring must not be `required()`: `need` says that one is missing.
[[nodiscard]] Status finish_options(const CLI::App& command, Options& options);

// Code::kUsage unless `value` is there: "no --data; give …".
[[nodiscard]] Status need(const std::string& value, const std::string& flag, const std::string& what);

}  // namespace ipr::host
