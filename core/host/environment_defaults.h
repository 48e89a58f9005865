// What the environments of a run say about the settings of its scorer and optimizers: keys of their defaults_json that
// a plugin's schema also names ("<plugin>.<key>" is for that plugin alone, and stronger), and for a profile
// "<plugin>.train.<key>" (docs/plugins.md).
//
// One environment's values count as they are. Of several that differ (one that says nothing means the plugin's own
// value):
//  - a setting with a sister `<key>_by` is the least of them, and the sister says "<id>=<value>,…" for each;
//  - of other numbers the largest counts;
//  - train.max_tokens is a budget of each: their sum;
//  - whatever else differs is left at the plugin's own value.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/env/environment.h"
#include "core/plugin/schema.h"

namespace ipr::host {

// defaults_json by environment id.
using EnvironmentDefaults = std::vector<std::pair<std::string, Json>>;
[[nodiscard]] EnvironmentDefaults defaults_of(const env::Environment& environment);

// The part of each that is for a profile, such as "mini".
[[nodiscard]] EnvironmentDefaults profile_part(const EnvironmentDefaults& defaults, const std::string& profile);

// `weaker`: the layers before, which with the schema are the plugin's own values.
[[nodiscard]] plugin::SettingLayer environment_layer(const plugin::Manifest& manifest,
                                                     const EnvironmentDefaults& defaults,
                                                     const std::vector<plugin::SettingLayer>& weaker);

// Training settings of the plugin `id`, by key; `so_far`: those before.
[[nodiscard]] std::map<std::string, Json> environment_training(const std::string& id,
                                                               const EnvironmentDefaults& defaults, const Json& so_far);

// A setting that was given by somebody stronger than the environments silences what they say in its sister.
void settle_sisters(const plugin::Manifest& manifest, plugin::ResolvedSettings& settings);

}  // namespace ipr::host
