// A MySQL statement as one that SQLite can run.
//
// parse, resolve and emit in one call. Pure: the same text, catalog, database and settings give the same answer, so
// answers may be kept and shared between threads. Whatever is answered as SQL runs on SQLite with the functions of
// emit/functions.h and the collation MYSQL registered; apart from the errors those raise, SQLite may only refuse it for
// its own limits (depth of nesting, number of terms).
//
// In the SQL every table is "database"."table" in lower case, as the catalog names it, and every column carries the
// name of its declaration; all other names are the emitter's own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/catalog.h"
#include "engine/filesort.h"
#include "mysql/ast.h"
#include "mysql/syntax_error.h"

namespace intercodesql {

struct OutputColumn {
  std::string name;
  Type type;  // how to read the cell: engine/value.h
};

// An ORDER BY that the engine carries out as MySQL sorts (engine/filesort.h): `sql` has a column for every key behind
// the result's. With a limit in `order` it gives the rows as MySQL's sort would meet them. Without one it sorts them,
// equal rows as they are met, and has columns for that order too: most sorts leave it so (is_stable).
struct RowsSort {
  SortOrder order;           // with the limit MySQL's sort knows of: none behind HAVING
  std::string met;           // directions of the columns behind the keys, as SortOrder has them
  std::uint64_t offset = 0;  // the sorted rows of the result …
  std::uint64_t end = UINT64_MAX;
  std::string without_keys;  // sorts and limits in SQLite, equal rows as they come; for results too large to hold
};

// A statement with rows.
struct RowsQuery {
  std::string sql;
  std::optional<RowsSort> sort;
  std::vector<OutputColumn> columns;
  std::vector<std::string> databases;  // lower case, each once: what `sql` reads
  bool uses_session = false;           // NOW(), RAND(), @x …: the same SQL need not give the same rows
};

// INSERT, REPLACE, UPDATE, DELETE on one table.
//
// `sql` is one SQLite statement. Values pass through my_store(value, declared type text, column), so that the strict
// mode's errors are raised there. Columns without a value: the engine's table has their defaults.
struct RowsChange {
  enum class Kind { kInsert, kReplace, kUpdate, kDelete };
  Kind kind = Kind::kInsert;
  std::string database;  // lower case
  std::string table;     // lower case
  std::string sql;
  std::vector<std::string> databases;  // lower case, each once: what `sql` reads and writes
};

// All others, checked for names of databases and tables, are carried out by the engine from their tree.
struct OtherStatement {
  mysql::Statement statement;
};

// The rows that a query of one column and one row counts in a database; empty if it cannot be run.
using RowCount = std::function<std::optional<std::int64_t>(const std::string& sql, const std::string& database)>;

struct TranslationSettings {
  bool only_full_group_by = true;  // of sql_mode
  RowCount count_rows = {};        // what plan/ may ask; empty: it does without
};

using Translation = std::variant<RowsQuery, RowsChange, OtherStatement, MysqlError>;

// `current_database`: lower case, "" before the first USE (then an unqualified table is error 1046).
[[nodiscard]] Translation translate(std::string_view statement, const Catalog& catalog,
                                    std::string_view current_database, const TranslationSettings& settings);

// The query of CREATE TABLE … SELECT and of EXPLAIN, whose tree stays the caller's.
[[nodiscard]] std::variant<RowsQuery, MysqlError> translate_query(const mysql::Query& query, std::uint32_t expressions,
                                                                  const Catalog& catalog,
                                                                  std::string_view current_database,
                                                                  const TranslationSettings& settings);

}  // namespace intercodesql
