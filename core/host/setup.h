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
#include "core/rollout/dialogue.h"

namespace ipr::host {

// `--set KEY=VALUE` sorted by whom it concerns; texts as typed.
struct Overrides {
  // plugin id, or the alias "env", "scorer", "optimizer", "policy" -> setting -> text
  std::map<std::string, std::map<std::string, std::string>> settings;
  // plugin id, or "" for the chosen optimizer -> training default -> text
  std::map<std::string, std::map<std::string, std::string>> train;
};
[[nodiscard]] Result<Overrides> parse_overrides(const std::vector<std::string>& set);

// The `--set` values of one source.
struct SettingSource {
  std::string level;  // kConfigFile, kVariable or kFlag, as of the flags beside them
  Overrides overrides;
  // What config.json says of a value that came from here.
  [[nodiscard]] std::string origin() const { return level == kFlag ? "--set" : level; }
};
// One for each level, weakest first.
[[nodiscard]] Result<std::vector<SettingSource>> setting_sources(const Options& options);

// A plugin in its role: by its id, or by the role's alias ("env", "scorer", "optimizer", "policy", or none) settings
// name it.
struct PluginRole {
  plugin::Kind kind;
  std::string id, alias;  // id of the environment: several, as in --env
};
// Code::kUsage for a `--set` that names none of these plugins. A config file may serve several commands: it may also
// name any other role or known plugin.
[[nodiscard]] Status check_scopes(const std::vector<SettingSource>& sources, const std::vector<PluginRole>& roles,
                                  const plugin::Registry& registry);

// Folders and callbacks of a plugin's host services; log lines go to standard error from `verbose` on.
[[nodiscard]] plugin::HostServices services_for(const plugin::Manifest& manifest, const Options& options);

// The source's values for one plugin as a layer: those under its id, then those under its alias.
[[nodiscard]] Result<plugin::SettingLayer> override_layer(const plugin::Manifest& manifest, const std::string& alias,
                                                          const SettingSource& source);

// Warns about libraries that could not be used (on standard error, where `verbose`).
[[nodiscard]] plugin::Registry registry_for(const Options& options);

// "webshop" or "webshop,alfworld" as ids.
[[nodiscard]] std::vector<std::string> environment_ids(const std::string& env);

// The same with + between them, as file names have it.
[[nodiscard]] std::string environment_file_name(const std::string& env);

// --data as it is meant for one environment: all of it, or of several "webshop=DIR,alfworld=DIR" its part; empty: none.
// Code::kUsage where a part names none of them, Code::kData where a folder is none.
[[nodiscard]] Result<std::string> data_for(const Options& options, const std::string& id);

struct MadeEnvironment {
  std::unique_ptr<env::Environment> environment;  // all of --env, joined where there are several
  std::vector<std::pair<std::string, plugin::ResolvedSettings>> settings;  // of each, by id
  // As config.json has them: of several by id.
  [[nodiscard]] Json settings_json() const;
};
// --env, --data, --prompts, --split-lists and --set; `env.KEY` of several is for all that have it. Code::kUsage without
// --env; Code::kData if --data is no folder.
[[nodiscard]] Result<MadeEnvironment> make_environment(const plugin::Registry& registry, const Options& options,
                                                       const std::string& profile = "");
// The same for a command that has no other plugins than those `beside` it: `--set` may name no other.
[[nodiscard]] Result<MadeEnvironment> make_only_environment(const Options& options,
                                                            const std::vector<PluginRole>& beside = {});

// "end" or "keep-tail"; Code::kUsage for another word.
[[nodiscard]] Result<rollout::Overflow> overflow_from_name(const std::string& name);

// --stop and --overflow.
[[nodiscard]] Result<rollout::ReplyRules> reply_rules(const Options& options);

// Number of workers for --threads 0: the cores of this machine.
[[nodiscard]] int worker_count(const Options& options);

}  // namespace ipr::host
