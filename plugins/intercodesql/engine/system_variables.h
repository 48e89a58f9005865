// The server's variables that clients ask for: @@version, @@sql_mode, SHOW VARIABLES.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/session.h"

namespace intercodesql {

inline constexpr std::string_view kServerVersion = "8.0.32";

// Empty for a variable this server does not have. `name` in any case.
[[nodiscard]] std::optional<std::string> read_system_variable(const Session& session, std::string_view name);
// All of them, sorted by name.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> system_variables(const Session& session);

}  // namespace intercodesql
