#include "engine/system_variables.h"

#include <map>

#include "engine/catalog.h"

namespace intercodesql {
namespace {

// A stock MySQL 8 in a container, as far as agents look.
const std::map<std::string, std::string, std::less<>>& defaults() {
  static const std::map<std::string, std::string, std::less<>> values = {
      {"autocommit", "1"},
      {"character_set_client", "utf8mb4"},
      {"character_set_connection", "utf8mb4"},
      {"character_set_database", "utf8mb4"},
      {"character_set_results", "utf8mb4"},
      {"character_set_server", "utf8mb4"},
      {"collation_connection", "utf8mb4_general_ci"},
      {"collation_database", "utf8mb4_general_ci"},
      {"collation_server", "utf8mb4_0900_ai_ci"},
      {"default_storage_engine", "InnoDB"},
      {"foreign_key_checks", "1"},
      {"group_concat_max_len", "1024"},
      {"hostname", "localhost"},
      {"lower_case_table_names", "1"},
      {"max_allowed_packet", "67108864"},
      {"max_connections", "151"},
      {"port", "3306"},
      {"sql_mode", kDefaultSqlMode},
      {"sql_safe_updates", "0"},
      {"sql_select_limit", "18446744073709551615"},
      {"system_time_zone", "UTC"},
      {"time_zone", "SYSTEM"},
      {"transaction_isolation", "REPEATABLE-READ"},
      {"unique_checks", "1"},
      {"version", std::string(kServerVersion)},
      {"version_comment", "MySQL Community Server - GPL"},
      {"version_compile_os", "Linux"},
      {"wait_timeout", "28800"},
  };
  return values;
}

}  // namespace

std::optional<std::string> read_system_variable(const Session& session, std::string_view name) {
  const std::string lower = lower_ascii(name);
  if (lower == "sql_mode") return session.sql_mode;
  if (const auto set = session.settings.find(lower); set != session.settings.end()) return set->second;
  const auto found = defaults().find(lower);
  return found == defaults().end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::pair<std::string, std::string>> system_variables(const Session& session) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& entry : defaults()) all.emplace_back(entry.first, *read_system_variable(session, entry.first));
  return all;
}

}  // namespace intercodesql
