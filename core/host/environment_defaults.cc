#include "core/host/environment_defaults.h"

#include <algorithm>

#include "core/base/strings.h"

namespace ipr::host {
namespace {

constexpr const char* kOrigin = "environment";
constexpr const char* kBudget = "max_tokens";  // of the training settings: one for each environment

std::string sister_of(const std::string& key) {
  return key + "_by";
}

// Of each environment, null where neither it nor `own` has one; empty where no environment says anything. Of an
// environment that says several of the keys the first counts.
std::vector<Json> values_of(const EnvironmentDefaults& defaults, const std::vector<std::string>& keys,
                            const Json& own) {
  std::vector<Json> values;
  bool said = false;
  for (const auto& [id, json] : defaults) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const std::string& k) { return json.contains(k); });
    said = said || key != keys.end();
    values.push_back(key == keys.end() ? own : json[*key]);
  }
  return said ? values : std::vector<Json>();
}

bool all_equal(const std::vector<Json>& values) {
  return std::all_of(values.begin(), values.end(), [&](const Json& value) { return value == values[0]; });
}

bool all_numbers(const std::vector<Json>& values) {
  return std::all_of(values.begin(), values.end(), [](const Json& value) { return value.is_number(); });
}

bool is_less(const Json& a, const Json& b) {
  return a.get<double>() < b.get<double>();
}

Json largest(const std::vector<Json>& values) {
  return *std::max_element(values.begin(), values.end(), is_less);
}

}  // namespace

EnvironmentDefaults defaults_of(const env::Environment& environment) {
  EnvironmentDefaults defaults;
  for (const env::Environment* member : environment.members())
    defaults.emplace_back(member->id(), member->defaults().all);
  return defaults;
}

EnvironmentDefaults profile_part(const EnvironmentDefaults& defaults, const std::string& profile) {
  EnvironmentDefaults part;
  for (const auto& [id, json] : defaults) {
    const Json special = json.value(profile, Json::object());
    part.emplace_back(id, special.is_object() ? special : Json::object());
  }
  return part;
}

plugin::SettingLayer environment_layer(const plugin::Manifest& manifest, const EnvironmentDefaults& defaults,
                                       const std::vector<plugin::SettingLayer>& weaker) {
  plugin::SettingLayer layer{kOrigin, {}};
  const Json properties = manifest.schema.value("properties", Json::object());
  for (const auto& [key, property] : properties.items()) {
    Json own = property.value("default", Json());
    for (const plugin::SettingLayer& before : weaker) {
      if (const auto found = before.values.find(key); found != before.values.end()) own = found->second;
    }
    const std::vector<Json> values = values_of(defaults, {manifest.id + "." + key, key}, own);
    if (values.empty()) continue;
    if (all_equal(values)) {
      layer.values[key] = values[0];
    } else if (properties.contains(sister_of(key))) {
      std::vector<std::string> each;
      for (std::size_t i = 0; i < values.size(); ++i) each.push_back(defaults[i].first + "=" + values[i].dump());
      layer.values[sister_of(key)] = join(each, ",");
      if (all_numbers(values)) layer.values[key] = *std::min_element(values.begin(), values.end(), is_less);
    } else if (all_numbers(values)) {
      layer.values[key] = largest(values);
    }
  }
  return layer;
}

std::map<std::string, Json> environment_training(const std::string& id, const EnvironmentDefaults& defaults,
                                                 const Json& so_far) {
  const std::string scope = id + ".train.";
  std::map<std::string, Json> training;
  for (const auto& [owner, json] : defaults) {
    for (const auto& [key, value] : json.items()) {
      if (!key.starts_with(scope)) continue;
      const std::string own = key.substr(scope.size());
      const std::vector<Json> values = values_of(defaults, {key}, so_far.value(own, Json()));
      if (all_equal(values)) {
        training[own] = value;
      } else if (all_numbers(values)) {
        training[own] = largest(values);
      }
    }
  }
  if (defaults.size() < 2 || (!so_far.contains(kBudget) && training.count(kBudget) == 0)) return training;
  double sum = 0;
  for (const auto& [owner, json] : defaults) sum += json.value(scope + kBudget, so_far.value(kBudget, 0.0));
  training[kBudget] = sum;
  return training;
}

void settle_sisters(const plugin::Manifest& manifest, plugin::ResolvedSettings& settings) {
  const Json properties = manifest.schema.value("properties", Json::object());
  for (const auto& [key, property] : properties.items()) {
    const std::string sister = sister_of(key);
    if (!properties.contains(sister) || settings.origin[sister] != kOrigin) continue;
    if (settings.origin[key] == "default" || settings.origin[key] == kOrigin) continue;
    settings.values[sister] = properties[sister]["default"];
    settings.origin[sister] = "default";
  }
}

}  // namespace ipr::host
