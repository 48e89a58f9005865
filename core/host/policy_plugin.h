// `--policy plugin:ID`: a plugin of kind policy as the agent.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/host/setup.h"
#include "core/rollout/plugin_policy.h"

namespace ipr::host {

// The ID of "plugin:ID"; nothing for any other policy.
[[nodiscard]] std::optional<std::string> policy_plugin_id(const std::string& policy);

// Its role, for the commands' check of `--set`; none for any other policy.
[[nodiscard]] std::vector<PluginRole> policy_roles(const std::string& policy);

// With `--set ID.KEY=VALUE` or `policy.KEY=VALUE`. Precondition: policy_plugin_id(policy).
[[nodiscard]] Result<std::unique_ptr<rollout::PluginPolicy>> open_policy_plugin(const plugin::Registry& registry,
                                                                                const std::string& policy,
                                                                                const Options& options);

}  // namespace ipr::host
