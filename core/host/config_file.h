// `--config FILE`: flags by name, comments allowed; or the config.json that a run leaves behind.
//
//   {"env": "webshop", "seed": 7, // a comment
//    "set": {"env": {"world_size": "tiny"}, "train": {"lr": 1e-4}}}
//
// `set` is a list of "KEY=VALUE", or an object whose nested keys are joined by dots.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace CLI {
class App;
}

namespace ipr::host {

struct Options;

struct ConfigFile {
  std::map<std::string, Json> flags;  // by name without dashes, `set` left out
  std::vector<std::string> set;       // KEY=VALUE
  bool of_run = false;                // a run's config.json: its flags mean what they mean to `run`
};

// Code::kData if it cannot be read or is no JSON, Code::kUsage if it is no config. Flag names are not checked.
[[nodiscard]] Result<ConfigFile> read_config_file(const std::string& path);

// The value of `set` in either form, as KEY=VALUE. Code::kUsage, which `where` begins, for anything else.
[[nodiscard]] Result<std::vector<std::string>> read_set(const std::string& where, const Json& value);

// Fills from `file` what `options` was not given more strongly, and notes the origin. `options.config` is how errors
// call the file. Code::kUsage for a flag that no command has, or a value that is none.
[[nodiscard]] Status apply_config(const CLI::App& command, Options& options, const ConfigFile& file);

}  // namespace ipr::host
