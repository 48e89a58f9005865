// SHOW and DESCRIBE, answered from the catalog.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "engine/value.h"

namespace intercodesql {

struct ShownRows {
  std::vector<std::string> names;
  std::vector<Row> rows;
};

// `like` filters the first column as LIKE does.
[[nodiscard]] ShownRows show_databases(const Catalog& catalog, const std::optional<std::string>& like);
// Sorted; `full` adds "BASE TABLE".
[[nodiscard]] ShownRows show_tables(const Schema& schema, bool full, const std::optional<std::string>& like);
// DESCRIBE and SHOW COLUMNS: name, type, YES or NO, key, default, extra; `full` adds collation, privileges and comment.
[[nodiscard]] ShownRows show_columns(const Table& table, bool full, const std::optional<std::string>& like);
[[nodiscard]] ShownRows show_indexes(const Table& table);
[[nodiscard]] ShownRows show_create_table(const Table& table);
[[nodiscard]] ShownRows show_create_database(const Schema& schema);

// `rows` without those whose first cell is not LIKE `pattern`.
[[nodiscard]] std::vector<Row> filtered(std::vector<Row> rows, const std::optional<std::string>& pattern);

}  // namespace intercodesql
