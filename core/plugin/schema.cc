#include "core/plugin/schema.h"

#include <algorithm>

#include "core/base/strings.h"

namespace ipr::plugin {
namespace {

const Json kNoProperties = Json::object();

const Json& properties_of(const Json& schema) {
  const auto found = schema.find("properties");
  return found == schema.end() ? kNoProperties : *found;
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  return type == "null" && value.is_null();
}

Status check_value(const std::string& subject, const std::string& key, const Json& property, const Json& value) {
  const std::string place = subject + ": setting \"" + key + "\"";
  const std::string type = property.value("type", "string");
  if (!has_type(value, type)) return usage(place + ": expected " + type + ", found " + value.dump());
  if (const auto allowed = property.find("enum"); allowed != property.end()) {
    for (const Json& choice : *allowed) {
      if (choice == value) return {};
    }
    return usage(place + ": " + value.dump() + " is not one of " + allowed->dump());
  }
  if (value.is_number()) {
    if (property.contains("minimum") && value.get<double>() < property["minimum"].get<double>()) {
      return usage(place + ": " + value.dump() + " is below the minimum " + property["minimum"].dump());
    }
    if (property.contains("maximum") && value.get<double>() > property["maximum"].get<double>()) {
      return usage(place + ": " + value.dump() + " is above the maximum " + property["maximum"].dump());
    }
  }
  return {};
}

constexpr const char* kRollouts = "x-rollouts";

Status check_rollouts(const std::string& subject, const Json& schema) {
  const Json entries = schema.value(kRollouts, Json::array());
  const auto is_entry = [&](const Json& entry) {
    return entry.is_object() && entry.value("where", Json::object()).is_object() &&
           entry.value("share", Json(1)).is_number() && entry.value("setting", Json()).is_string() &&
           properties_of(schema).contains(entry["setting"].get<std::string>());
  };
  if (entries.is_array() && std::all_of(entries.begin(), entries.end(), is_entry)) return {};
  return plugin_error(subject + ": config_schema: " + kRollouts +
                      ": expected a list of {\"setting\": NAME, \"share\": NUMBER, \"where\": {NAME: VALUE}}");
}

}  // namespace

Result<ResolvedSettings> resolve_settings(const std::string& subject, const Json& schema,
                                          const std::vector<SettingLayer>& layers) {
  ResolvedSettings resolved;
  const Json& properties = properties_of(schema);
  for (const auto& [key, property] : properties.items()) {
    if (!property.contains("default")) continue;
    resolved.values[key] = property["default"];
    resolved.origin[key] = "default";
  }
  for (const SettingLayer& layer : layers) {
    for (const auto& [key, value] : layer.values) {
      const auto property = properties.find(key);
      if (property == properties.end()) {
        return usage(subject + ": unknown setting \"" + key + "\" (" + layer.origin + ")" +
                     did_you_mean(key, keys_of(properties)));
      }
      resolved.values[key] = value;
      resolved.origin[key] = layer.origin;
    }
  }
  for (const auto& [key, property] : properties.items()) {
    if (!resolved.values.contains(key)) {
      return usage(subject + ": setting \"" + key + "\" has no value; give --set with a value for it");
    }
    IPR_TRY(check_value(subject, key, property, resolved.values[key]));
  }
  return resolved;
}

Result<Json> setting_from_text(const std::string& subject, const std::string& key, const Json& property,
                               const std::string& text) {
  const std::string type = property.value("type", "string");
  if (type == "string") return Json(text);
  const Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_discarded() && has_type(parsed, type)) return parsed;
  return usage(subject + ": setting \"" + key + "\": expected " + type + ", found \"" + text + "\"");
}

ProfileValues profile_values(const Json& schema, const std::string& profile) {
  ProfileValues found;
  const auto profiles = schema.find("x-profiles");
  if (profiles == schema.end() || !profiles->contains(profile)) return found;
  for (const auto& [key, value] : (*profiles)[profile].items()) {
    constexpr std::string_view kTrain = "train.";
    if (key.starts_with(kTrain)) {
      found.train[key.substr(kTrain.size())] = value;
    } else {
      found.settings[key] = value;
    }
  }
  return found;
}

double expected_rollouts(const Json& schema, const Json& settings) {
  const Json fallback = Json::array({{{"setting", "samples"}}});
  for (const Json& entry : schema.value(kRollouts, fallback)) {
    const Json where = entry.value("where", Json::object());
    const bool holds = std::all_of(where.items().begin(), where.items().end(), [&](const auto& wanted) {
      return settings.contains(wanted.key()) && settings[wanted.key()] == wanted.value();
    });
    if (!holds) continue;
    const Json value = settings.value(entry.at("setting").get<std::string>(), Json());
    return value.is_number() ? value.get<double>() * entry.value("share", 1.0) : 0;
  }
  return 0;
}

Status check_schema(const std::string& subject, const Json& schema) {
  if (!schema.is_object() || schema.value("type", "object") != "object") {
    return plugin_error(subject + ": config_schema is not of type object");
  }
  for (const auto& [key, property] : properties_of(schema).items()) {
    if (!property.is_object()) return plugin_error(subject + ": config_schema: property \"" + key + "\" is no object");
    if (property.contains("default")) {
      const Status status = check_value(subject, key, property, property["default"]);
      if (!status.ok()) return plugin_error(status.message() + " (the schema's own default)");
    }
  }
  return check_rollouts(subject, schema);
}

}  // namespace ipr::plugin
