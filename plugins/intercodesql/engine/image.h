// A database as bytes: an SQLite file in memory, shared and never changed.
//
// Many connections read one image at once; a write makes a new one (connection.h). Rows lie in the order of the primary
// key, as InnoDB keeps them, so a scan gives them in MySQL's order.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "engine/sqlite.h"
#include "engine/value.h"

namespace intercodesql {

// Shared by the server, by connections with a private copy and by their forks.
using Image = std::shared_ptr<const std::string>;

// A database to be stored: rows[i] belong to schema.tables[i], cells in the order of its columns.
struct DatabaseContents {
  Schema schema;
  std::vector<std::vector<Row>> rows;
  bool is_counted = true;  // false: the optimizer takes the tables for empty (statistics.h)
};

// Throws ipr::sdk::Failure (IPR_DATA_LOSS) that names database, table and row if a row cannot be stored: a duplicate
// key, NULL in a NOT NULL column, too few cells.
[[nodiscard]] Image make_image(const DatabaseContents& contents);

// CREATE TABLE for SQLite, with its unique keys, in the attached database `database`.
[[nodiscard]] std::string create_table_sql(std::string_view database, const Table& table);

// CREATE INDEX for its keys that are not unique. With them SQLite scans and joins in the order MySQL does more often.
[[nodiscard]] std::vector<std::string> create_index_sql(std::string_view database, const Table& table);
// The name of such an index in SQLite, where it has to be the only one of its database.
[[nodiscard]] std::string index_name(const Table& table, const Index& index);

// Binds a cell as a column of `type` stores it (value.h). Texts must outlive the statement's next step.
void bind_cell(sqlite3_stmt* statement, int index, const Value& value, const Type& type);

// Attaches an image under `name`: read-only and shared with `image`, which must outlive the connection; or as a private
// copy that may grow to `writable_bytes`.
void attach_image(sqlite3* connection, std::string_view name, const std::string& image);
void attach_copy(sqlite3* connection, std::string_view name, const std::string& image, std::int64_t writable_bytes);

// The present content of an attached database.
[[nodiscard]] Image image_of(sqlite3* connection, std::string_view name);

}  // namespace intercodesql
