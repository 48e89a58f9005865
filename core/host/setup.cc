#include "core/host/setup.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "core/base/files.h"
#include "core/base/strings.h"

namespace ipr::host {
namespace fs = std::filesystem;
namespace {

// Files installed with a plugin: share/ipr-host/<id> of the prefix its library lies in.
std::string share_folder(const plugin::Manifest& manifest) {
  fs::path place = fs::path(manifest.path).parent_path();
  for (int up = 0; up < 6 && place.has_relative_path(); ++up, place = place.parent_path()) {
    const fs::path share = place / "share/ipr-host" / manifest.id;
    if (fs::is_directory(share)) return share.string();
  }
  return {};
}

// Where plugins' log lines go: standard error, warnings only unless --verbose. Shared by all callbacks of the process.
std::shared_ptr<spdlog::logger> plugin_logger(const Options& options) {
  std::shared_ptr<spdlog::logger> logger = spdlog::get("plugins");
  if (!logger) {
    logger = spdlog::stderr_color_mt("plugins");
    logger->set_pattern("%^%l%$ %v");
  }
  logger->set_level(options.verbose ? spdlog::level::debug : spdlog::level::warn);
  return logger;
}

}  // namespace

Result<Overrides> parse_overrides(const std::vector<std::string>& set) {
  Overrides overrides;
  for (const std::string& item : set) {
    const auto equals = item.find('=');
    const auto dot = item.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
      return usage("--set " + item + ": expected KEY=VALUE with KEY like env.reward, scorer.samples or train.lr");
    }
    const std::string scope = item.substr(0, dot), text = item.substr(equals + 1);
    std::string key = item.substr(dot + 1, equals - dot - 1);
    if (scope == "train") {
      overrides.train[""][key] = text;
    } else if (key.starts_with("train.")) {
      overrides.train[scope == "optimizer" ? "" : scope][key.substr(6)] = text;
    } else {
      overrides.settings[scope][key] = text;
    }
  }
  return overrides;
}

Result<std::vector<SettingSource>> setting_sources(const Options& options) {
  std::vector<SettingSource> sources = {{kConfigFile, {}}, {kVariable, {}}, {kFlag, {}}};
  Result<Overrides> of_file = parse_overrides(options.config_set);
  if (!of_file.ok()) return of_file.status().at(options.config);
  sources[0].overrides = *of_file;
  const auto origin = options.origin.find("set");
  const bool from_variable = origin != options.origin.end() && origin->second == kVariable;
  IPR_ASSIGN(sources[from_variable ? 1 : 2].overrides, parse_overrides(options.set));
  return sources;
}

Status check_scopes(const std::vector<SettingSource>& sources, const std::vector<PluginRole>& roles,
                    const plugin::Registry& registry) {
  std::vector<std::string> known;
  for (const PluginRole& role : roles) {
    const bool several = role.kind == plugin::Kind::kEnvironment;
    for (std::string& id : several ? environment_ids(role.id) : std::vector<std::string>{role.id})
      known.push_back(std::move(id));
    if (!role.alias.empty()) known.push_back(role.alias);
    if (role.alias == "optimizer") known.emplace_back("train");
  }
  std::vector<std::string> elsewhere = known;
  elsewhere.insert(elsewhere.end(), {"env", "scorer", "optimizer", "policy", "train"});
  for (const plugin::Manifest& manifest : registry.plugins) elsewhere.push_back(manifest.id);
  for (const SettingSource& source : sources) {
    const std::vector<std::string>& allowed = source.level == kConfigFile ? elsewhere : known;
    const auto check = [&](const std::string& scope, const std::string& key) {
      if (std::find(allowed.begin(), allowed.end(), scope) != allowed.end()) return Status();
      return usage(source.origin() + " " + scope + "." + key + ": no plugin of this command is called \"" + scope +
                   "\"" + did_you_mean(scope, known));
    };
    for (const auto& [scope, values] : source.overrides.settings) IPR_TRY(check(scope, values.begin()->first));
    for (const auto& [scope, values] : source.overrides.train) {
      const std::string key = values.begin()->first;
      IPR_TRY(scope.empty() ? check("train", key) : check(scope, "train." + key));
    }
  }
  return {};
}

plugin::HostServices services_for(const plugin::Manifest& manifest, const Options& options) {
  plugin::HostServices services;
  services.data_folder = options.data;
  services.cache_folder = cache_folder() + "/plugins/" + manifest.id;
  if (!make_folder(services.cache_folder).ok()) services.cache_folder.clear();
  services.share_folder = share_folder(manifest);
  services.threads = worker_count(options);
  services.log = [logger = plugin_logger(options), id = manifest.id](int level, std::string_view line) {
    constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                     spdlog::level::err};
    logger->log(kLevels[std::clamp(level, 0, 3)], "{}: {}", id, line);
  };
  return services;
}

Result<plugin::SettingLayer> override_layer(const plugin::Manifest& manifest, const std::string& alias,
                                            const SettingSource& source) {
  plugin::SettingLayer layer{source.origin(), {}};
  const Json properties = manifest.schema.value("properties", Json::object());
  for (const std::string& scope : {manifest.id, alias}) {
    const auto found = source.overrides.settings.find(scope);
    if (found == source.overrides.settings.end()) continue;
    for (const auto& [key, text] : found->second) {
      if (!properties.contains(key)) {
        layer.values[key] = text;  // resolve_settings names the nearest key
        continue;
      }
      IPR_ASSIGN(layer.values[key], plugin::setting_from_text(manifest.subject(), key, properties[key], text));
    }
  }
  return layer;
}

plugin::Registry registry_for(const Options& options) {
  plugin::Registry registry = plugin::find_plugins(options.plugin_path);
  if (options.verbose) {
    for (const std::string& warning : registry.warnings) plugin_logger(options)->warn(warning);
  }
  return registry;
}

Result<MadeEnvironment> make_only_environment(const Options& options, const std::vector<PluginRole>& beside) {
  const plugin::Registry registry = registry_for(options);
  IPR_ASSIGN(const std::vector<SettingSource> sources, setting_sources(options));
  std::vector<PluginRole> roles = {{plugin::Kind::kEnvironment, options.env, "env"}};
  roles.insert(roles.end(), beside.begin(), beside.end());
  if (!options.env.empty()) IPR_TRY(check_scopes(sources, roles, registry));
  return make_environment(registry, options);
}

Result<rollout::Overflow> overflow_from_name(const std::string& name) {
  if (name == "end") return rollout::Overflow::kEnd;
  if (name == "keep-tail") return rollout::Overflow::kKeepTail;
  return usage("--overflow " + name + ": use end or keep-tail" + did_you_mean(name, {"end", "keep-tail"}));
}

Result<rollout::ReplyRules> reply_rules(const Options& options) {
  IPR_ASSIGN(const rollout::Overflow overflow, overflow_from_name(options.overflow));
  return rollout::ReplyRules{options.stop, overflow};
}

int worker_count(const Options& options) {
  return options.threads > 0 ? options.threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace ipr::host
