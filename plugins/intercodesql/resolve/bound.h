// What the names of a statement mean: the tree's queries with their tables, columns and types.
//
// Made by resolve.h, read by emit/. Refers to the syntax tree and to the catalog's tables, which must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/catalog.h"
#include "mysql/ast.h"

namespace intercodesql {

struct BoundQuery;
struct BoundBlock;

struct SourceColumn {
  std::string name;
  Type type;
  bool nullable = true;
};

// A table of a FROM clause.
struct Source {
  std::uint32_t id = 0;  // unique in the statement
  std::string alias;     // as typed
  std::string database;  // of a base table, lower case
  const Table* table = nullptr;
  const BoundQuery* query = nullptr;           // of a derived table
  const mysql::CommonTable* common = nullptr;  // of a reference to a WITH table; query is its query
  const BoundBlock* block = nullptr;           // whose FROM it stands in
  std::vector<SourceColumn> columns;
};

struct ColumnRef {
  const Source* source = nullptr;
  std::size_t column = 0;

  [[nodiscard]] const SourceColumn& get() const { return source->columns[column]; }
  bool operator==(const ColumnRef&) const = default;
};

// "db.table.Column" as MySQL prints it: the alias as typed, the column as declared.
[[nodiscard]] std::string full_name(const ColumnRef& column);

// Of one expression of the tree, by its number.
struct Binding {
  Type type;
  ColumnRef column;                             // kColumn that names a column
  const BoundBlock* item_block = nullptr;       // kColumn that names an item of this block's SELECT list …
  std::size_t item = 0;                         // … by its position
  const BoundBlock* aggregate_block = nullptr;  // kAggregate: the block whose rows it gathers
  const BoundBlock* window_block = nullptr;     // kWindow: where its named window is
  bool has_aggregate = false;                   // it, or a part of it outside subqueries, is an aggregate
  bool has_window = false;
};

// A column of a SELECT list, `*` expanded.
struct Item {
  std::string name;
  const mysql::Expr* expr = nullptr;  // absent for a column that came from `*`
  ColumnRef column;                   // what it is if it is a plain column
  Type type;
};

// An element of GROUP BY or ORDER BY: an item of the SELECT list, or an expression.
struct Key {
  std::optional<std::size_t> item;
  const mysql::Expr* expr = nullptr;
  bool descending = false;
};

// One SELECT.
struct BoundBlock {
  const mysql::Select* select = nullptr;
  const BoundBlock* outer = nullptr;
  std::vector<const Source*> sources;
  std::unordered_map<const mysql::TableRef*, const Source*> source_of;
  // Pairs that JOIN … USING and NATURAL JOIN make equal, by join.
  std::unordered_map<const mysql::TableRef*, std::vector<std::pair<ColumnRef, ColumnRef>>> equal_columns;
  std::vector<Item> items;
  std::vector<Key> group_by;
  bool is_aggregated = false;  // has GROUP BY or an aggregate of its own
};

// A query expression with its columns.
struct BoundQuery {
  const mysql::Query* query = nullptr;
  std::unique_ptr<BoundBlock> block;  // of a plain SELECT
  std::vector<Item> columns;          // of the result
  std::vector<Key> order_by;
};

// A whole statement.
struct Resolution {
  std::vector<Binding> bindings;  // by Expr::number
  std::vector<std::unique_ptr<Source>> sources;
  std::unordered_map<const mysql::Query*, std::unique_ptr<BoundQuery>> queries;

  [[nodiscard]] const Binding& at(const mysql::Expr& expr) const { return bindings[expr.number]; }
  [[nodiscard]] const BoundQuery& at(const mysql::Query& query) const { return *queries.at(&query); }
};

// Do both mean the same: one column, or one operation over the same? Names that mean items of a SELECT list stand for
// the items. False for anything with a subquery, a variable or a random value.
[[nodiscard]] bool same_expression(const Resolution& resolution, const mysql::Expr& a, const mysql::Expr& b);
[[nodiscard]] bool is_column(const Resolution& resolution, const mysql::Expr& expr, const ColumnRef& column);
// The column an expression names, directly or by an item that is one; empty otherwise.
[[nodiscard]] std::optional<ColumnRef> column_of(const Resolution& resolution, const mysql::Expr& expr);
// The expression behind names of items.
[[nodiscard]] const mysql::Expr& behind_items(const Resolution& resolution, const mysql::Expr& expr);

}  // namespace intercodesql
