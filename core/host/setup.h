// From flags to live plugins.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/env/environment.h"
#include "core/host/options.h"
#include "core/plugin/registry.h"
#include "core/plugin/schema.h"

namespace ipr::host {

// `--set KEY=VALUE` sorted by whom it concerns; texts as typed.
struct Overrides {
  // plugin id, or the alias "env", "scorer", "optimizer" -> setting -> text
  std::map<std::string, std::map<std::string, std::string>> settings;
  // plugin id, or "" for the chosen optimizer -> training default -> text
  std::map<std::string, std::map<std::string, std::string>> train;
};
[[nodiscard]] Result<Overrides> parse_overrides(const std::vector<std::string>& set);

// Folders and callbacks of a plugin's host services; log lines go to standard error from `verbose` on.
[[nodiscard]] plugin::HostServices services_for(const plugin::Manifest& manifest, const Options& options);

// The overrides for one plugin as a layer: those under its id, then those under its alias.
[[nodiscard]] Result<plugin::SettingLayer> override_layer(const plugin::Manifest& manifest, const std::string& alias,
                                                          const Overrides& overrides);

// Warns about libraries that could not be used (on standard error, where `verbose`).
[[nodiscard]] plugin::Registry registry_for(const Options& options);

struct MadeEnvironment {
  std::unique_ptr<env::Environment> environment;
  plugin::ResolvedSettings settings;
};
// --env, --data, --prompts, --split-lists and --set. Code::kUsage without --env; Code::kData if --data is no folder.
[[nodiscard]] Result<MadeEnvironment> make_environment(const plugin::Registry& registry, const Options& options,
                                                       const std::string& profile = "");

// Number of workers for --threads 0: the cores of this machine.
[[nodiscard]] int worker_count(const Options& options);

}  // namespace ipr::host
