#include "core/host/policy_plugin.h"

namespace ipr::host {
namespace {
constexpr std::string_view kMark = "plugin:";
}  // namespace

std::optional<std::string> policy_plugin_id(const std::string& policy) {
  if (!policy.starts_with(kMark)) return std::nullopt;
  return policy.substr(kMark.size());
}

std::vector<PluginRole> policy_roles(const std::string& policy) {
  const std::optional<std::string> id = policy_plugin_id(policy);
  if (!id) return {};
  return {{plugin::Kind::kPolicy, *id, "policy"}};
}

Result<std::unique_ptr<rollout::PluginPolicy>> open_policy_plugin(const plugin::Registry& registry,
                                                                  const std::string& policy, const Options& options) {
  IPR_ASSIGN(const plugin::Manifest manifest,
             plugin::find_plugin(registry, plugin::Kind::kPolicy, *policy_plugin_id(policy)));
  IPR_ASSIGN(const std::vector<SettingSource> sources, setting_sources(options));
  std::vector<plugin::SettingLayer> layers;
  for (const SettingSource& source : sources) {
    IPR_ASSIGN(plugin::SettingLayer layer, override_layer(manifest, "policy", source));
    layers.push_back(std::move(layer));
  }
  IPR_ASSIGN(const plugin::ResolvedSettings settings,
             plugin::resolve_settings(manifest.subject(), manifest.schema, layers));
  IPR_ASSIGN(auto instance, plugin::Instance::create(manifest, settings.values, services_for(manifest, options)));
  return rollout::PluginPolicy::make(std::move(instance));
}

}  // namespace ipr::host
