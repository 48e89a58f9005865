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
                                            const Overrides& overrides) {
  plugin::SettingLayer layer{"--set", {}};
  const Json properties = manifest.schema.value("properties", Json::object());
  for (const std::string& scope : {manifest.id, alias}) {
    const auto found = overrides.settings.find(scope);
    if (found == overrides.settings.end()) continue;
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

Result<MadeEnvironment> make_environment(const plugin::Registry& registry, const Options& options,
                                         const std::string& profile) {
  if (options.env.empty()) return usage("no environment; give --env, see `ipr-host plugin list`");
  IPR_ASSIGN(const plugin::Manifest manifest, plugin::find_plugin(registry, plugin::Kind::kEnvironment, options.env));
  if (!options.data.empty() && !fs::is_directory(options.data)) {
    return bad_data("--data " + options.data + ": is not a folder; give the folder that holds the environment's files");
  }
  IPR_ASSIGN(const Overrides overrides, parse_overrides(options.set));
  std::vector<plugin::SettingLayer> layers;
  if (!profile.empty())
    layers.push_back({"profile " + profile, plugin::profile_values(manifest.schema, profile).settings});
  if (!options.prompts.empty()) layers.push_back({"--prompts", {{"prompts", Json(options.prompts)}}});
  if (!options.split_lists.empty())
    layers.push_back({"--split-lists", {{"split_lists", Json(join(options.split_lists, ","))}}});
  IPR_ASSIGN(plugin::SettingLayer set, override_layer(manifest, "env", overrides));
  layers.push_back(std::move(set));
  MadeEnvironment made;
  IPR_ASSIGN(made.settings, plugin::resolve_settings(manifest.subject(), manifest.schema, layers));
  IPR_ASSIGN(auto instance, plugin::Instance::create(manifest, made.settings.values, services_for(manifest, options)));
  IPR_ASSIGN(made.environment, env::Environment::make(std::move(instance)));
  return made;
}

int worker_count(const Options& options) {
  return options.threads > 0 ? options.threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace ipr::host
