// What a connection's functions and variables read: a plain value, copied with the connection.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/value.h"

namespace intercodesql {

struct Session {
  std::string database;                         // lower case; empty before the first USE
  std::string sql_mode;                         // as @@sql_mode shows it, in capitals
  std::string now;                              // NOW(): "YYYY-MM-DD HH:MM:SS"; the clock stands still
  std::uint64_t random_state = 0;               // of RAND() and UUID()
  std::int64_t last_insert_id = 0;              // LAST_INSERT_ID()
  std::int64_t row_count = -1;                  // ROW_COUNT() of the last statement
  std::int64_t found_rows = 0;                  // FOUND_ROWS() of the last query
  std::map<std::string, Value> variables;       // @name, names in lower case
  std::map<std::string, std::string> settings;  // server variables this connection has set
};

// MySQL 8's default.
inline constexpr const char* kDefaultSqlMode =
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION";

}  // namespace intercodesql
