// Statements that change a schema: CREATE, ALTER, DROP, RENAME, TRUNCATE of tables and indexes.
//
// The declared schema leads; the tables in SQLite follow it, rebuilt where their shape changes.
#pragma once

#include <optional>
#include <string>

#include "emit/emit.h"
#include "engine/budget.h"
#include "engine/catalog.h"
#include "engine/handle.h"
#include "mysql/ast.h"

namespace intercodesql {

// One database being changed: its schema, and a handle with a writable copy attached under its name. On an error both
// are to be thrown away.
class SchemaChange {
 public:
  SchemaChange(Schema& schema, Handle& handle, const Budget& budget, Session& session)
      : schema_(schema), handle_(handle), budget_(budget), session_(session) {}

  // `query`: the translated SELECT of CREATE TABLE … SELECT. `source`: the table of CREATE TABLE … LIKE.
  std::optional<RuntimeError> create_table(const mysql::CreateTable& create, const RowsQuery* query,
                                           const Table* source);
  std::optional<RuntimeError> alter_table(const mysql::AlterTable& alter);
  std::optional<RuntimeError> create_index(const mysql::CreateIndex& create);
  std::optional<RuntimeError> drop_index(const mysql::DropIndex& drop);
  std::optional<RuntimeError> drop_table(const std::string& table);
  std::optional<RuntimeError> rename_table(const std::string& table, const std::string& name);
  std::optional<RuntimeError> truncate_table(const std::string& table);

 private:
  // A table's new shape while it is being altered; `origins[i]` is the column i comes from, or none for a new one.
  struct Draft {
    Table table;
    std::vector<std::optional<std::size_t>> origins;
  };

  std::optional<RuntimeError> apply(const mysql::AlterTable::Change& change, Draft& draft);
  std::optional<RuntimeError> add_column(const mysql::AlterTable::Change& change, Draft& draft);
  std::optional<RuntimeError> modify_column(const mysql::AlterTable::Change& change, Draft& draft);
  std::optional<RuntimeError> drop_column(const std::string& name, Draft& draft);
  std::optional<RuntimeError> drop_index(const std::string& name, Table& table);
  std::optional<RuntimeError> add_key(const mysql::KeyDefinition& key, Table& table);
  std::optional<RuntimeError> place(const mysql::AlterTable::Change& change, Column column,
                                    std::optional<std::size_t> origin, Draft& draft);
  // Replaces table number `position` by the draft, its rows converted.
  std::optional<RuntimeError> rebuild(std::size_t position, Draft draft);
  std::optional<RuntimeError> create_indexes(const Table& table);
  std::optional<RuntimeError> run(const std::string& sql) { return handle_.run(sql, budget_, session_); }
  [[nodiscard]] std::string name_in_sqlite(const std::string& table) const;
  [[nodiscard]] std::optional<std::size_t> position_of(const std::string& table) const;
  [[nodiscard]] RuntimeError no_table(const std::string& table) const;

  Schema& schema_;
  Handle& handle_;
  const Budget& budget_;
  Session& session_;
};

}  // namespace intercodesql
