// Settings of plugins: the JSON Schema subset of docs/plugins.md, defaults, profiles and overrides.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace ipr::plugin {

// One layer of values over the schema's own defaults, later layers win. `origin` is what config.json says of a value
// that came from here: "environment", "profile mini", "--set", …
struct SettingLayer {
  std::string origin;
  std::map<std::string, Json> values;
};

struct ResolvedSettings {
  Json values = Json::object();               // complete: every property of the schema
  std::map<std::string, std::string> origin;  // key -> "default" or the layer's origin
};

// Fills a plugin's settings from its schema and the layers, and checks each value. An unknown key is Code::kUsage with
// the nearest name; `subject` ("environment \"webshop\"") begins every message.
[[nodiscard]] Result<ResolvedSettings> resolve_settings(const std::string& subject, const Json& schema,
                                                        const std::vector<SettingLayer>& layers);

// `text` as the type that `property` declares: `--set` values arrive as text.
[[nodiscard]] Result<Json> setting_from_text(const std::string& subject, const std::string& key, const Json& property,
                                             const std::string& text);

// The schema's values for a profile (`x-profiles`), empty if it has none. Keys that begin with "train." are returned
// apart from settings, without that prefix.
struct ProfileValues {
  std::map<std::string, Json> settings, train;
};
[[nodiscard]] ProfileValues profile_values(const Json& schema, const std::string& profile);

// How many rollouts a scorer expects to play for each step, as far as its schema tells: by the first entry of
// `x-rollouts` whose `where` agrees with the settings, `share` (1 without one) times the setting that it names; without
// the key the setting `samples`; 0 where it has none.
[[nodiscard]] double expected_rollouts(const Json& schema, const Json& settings);

// Is this a schema the host understands? Code::kPlugin says what is not.
[[nodiscard]] Status check_schema(const std::string& subject, const Json& schema);

}  // namespace ipr::plugin
