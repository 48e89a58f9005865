// --env and what it is made from: one environment, or several over which one agent is trained.
#include <algorithm>
#include <filesystem>

#include "core/base/strings.h"
#include "core/host/setup.h"

namespace ipr::host {
namespace {

bool has_setting(const plugin::Manifest& manifest, const std::string& key) {
  return manifest.schema.value("properties", Json::object()).contains(key);
}

// The source for one of several environments: `env.KEY` is not for those that have no such setting, if another has it.
SettingSource source_for(const plugin::Manifest& manifest, const std::vector<plugin::Manifest>& all,
                         SettingSource source) {
  const auto shared = source.overrides.settings.find("env");
  if (shared == source.overrides.settings.end()) return source;
  std::erase_if(shared->second, [&](const auto& setting) {
    return !has_setting(manifest, setting.first) &&
           std::any_of(all.begin(), all.end(), [&](const auto& other) { return has_setting(other, setting.first); });
  });
  return source;
}

Result<plugin::ResolvedSettings> settings_of(const plugin::Manifest& manifest, const std::vector<plugin::Manifest>& all,
                                             const Options& options, const std::string& profile) {
  IPR_ASSIGN(const std::vector<SettingSource> sources, setting_sources(options));
  std::vector<plugin::SettingLayer> layers;
  if (!profile.empty())
    layers.push_back({"profile " + profile, plugin::profile_values(manifest.schema, profile).settings});
  for (const SettingSource& source : sources) {
    if (options.given("prompts") && options.origin.at("prompts") == source.level)
      layers.push_back({"--prompts", {{"prompts", Json(options.prompts)}}});
    if (options.given("split-lists") && options.origin.at("split-lists") == source.level)
      layers.push_back({"--split-lists", {{"split_lists", Json(join(options.split_lists, ","))}}});
    IPR_ASSIGN(plugin::SettingLayer set, override_layer(manifest, "env", source_for(manifest, all, source)));
    layers.push_back(std::move(set));
  }
  return plugin::resolve_settings(manifest.subject(), manifest.schema, layers);
}

Result<std::vector<plugin::Manifest>> manifests_of(const plugin::Registry& registry, const Options& options) {
  if (options.env.empty()) return usage("no environment; give --env, see `ipr-host plugin list`");
  const std::vector<std::string> ids = environment_ids(options.env);
  std::vector<plugin::Manifest> manifests;
  for (const std::string& id : ids) {
    if (std::count(ids.begin(), ids.end(), id) > 1)
      return usage("--env " + options.env + ": \"" + id + "\" is there twice; name each environment once");
    IPR_ASSIGN(plugin::Manifest manifest, plugin::find_plugin(registry, plugin::Kind::kEnvironment, id));
    manifests.push_back(std::move(manifest));
  }
  if (ids.size() == 1) return manifests;
  for (const auto& [flag, key] : {std::pair("prompts", "prompts"), std::pair("split-lists", "split_lists")}) {
    if (options.given(flag))
      return usage(std::string("--") + flag + ": of which of " + join(ids, ", ") + "? Say --set " + ids[0] + "." + key +
                   "=…");
  }
  return manifests;
}

}  // namespace

std::vector<std::string> environment_ids(const std::string& env) {
  std::vector<std::string> ids;
  for (std::size_t begin = 0; begin <= env.size();) {
    const std::size_t end = std::min(env.find(',', begin), env.size());
    ids.push_back(env.substr(begin, end - begin));
    begin = end + 1;
  }
  return ids;
}

std::string environment_file_name(const std::string& env) {
  return join(environment_ids(env), "+");
}

Result<std::string> data_for(const Options& options, const std::string& id) {
  const std::vector<std::string> ids = environment_ids(options.env);
  std::string found = ids.size() == 1 ? options.data : "";
  if (ids.size() > 1 && !options.data.empty()) {
    for (const std::string& part : environment_ids(options.data)) {
      const std::size_t equals = part.find('=');
      const std::string owner = part.substr(0, std::min(equals, part.size()));
      if (equals == std::string::npos || std::find(ids.begin(), ids.end(), owner) == ids.end())
        return usage("--data " + options.data + ": with several environments say whose each folder is: " + ids[0] +
                     "=DIR," + ids[1] + "=DIR; those not named have their generated world");
      if (owner == id) found = part.substr(equals + 1);
    }
  }
  if (!found.empty() && !std::filesystem::is_directory(found))
    return bad_data("--data " + found + ": is not a folder; give the folder that holds the environment's files");
  return found;
}

Json MadeEnvironment::settings_json() const {
  if (settings.size() == 1) return settings[0].second.values;
  Json by_id = Json::object();
  for (const auto& [id, resolved] : settings) by_id[id] = resolved.values;
  return by_id;
}

Result<MadeEnvironment> make_environment(const plugin::Registry& registry, const Options& options,
                                         const std::string& profile) {
  IPR_ASSIGN(const std::vector<plugin::Manifest> manifests, manifests_of(registry, options));
  MadeEnvironment made;
  std::vector<std::unique_ptr<env::Environment>> members;
  for (const plugin::Manifest& manifest : manifests) {
    Options own = options;
    IPR_ASSIGN(own.data, data_for(options, manifest.id));
    IPR_ASSIGN(plugin::ResolvedSettings settings, settings_of(manifest, manifests, options, profile));
    IPR_ASSIGN(auto instance, plugin::Instance::create(manifest, settings.values, services_for(manifest, own)));
    IPR_ASSIGN(auto member, manifests.size() == 1 ? env::Environment::make(std::move(instance))
                                                  : env::Environment::make_member(std::move(instance)));
    members.push_back(std::move(member));
    made.settings.emplace_back(manifest.id, std::move(settings));
  }
  made.environment = members.size() == 1 ? std::move(members[0]) : env::Environment::join(std::move(members));
  return made;
}

}  // namespace ipr::host
