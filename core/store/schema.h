// The tables of run.db. docs/run-record.md explains them to people who query the file with other tools.
#pragma once

#include "core/base/status.h"
#include "core/store/database.h"

namespace ipr::store {

// The schema of this program, as PRAGMA user_version. It grows by one with any change; there is no migration: a run is
// resumed by the program that began it.
inline constexpr int kSchemaVersion = 3;
// PRAGMA application_id, "IPRh": tells a run record from other SQLite files.
inline constexpr int kApplicationId = 0x49505268;

// Makes the tables in an empty file. Code::kData for a file of another program or another version.
[[nodiscard]] Status make_or_check_schema(Database& database);
// Only checks.
[[nodiscard]] Status check_schema(Database& database);

}  // namespace ipr::store
