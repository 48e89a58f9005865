// The names a query block sees, and how MySQL looks one up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/ast.h"
#include "resolve/bound.h"

namespace intercodesql {

// What a FROM clause, or one of its joins, offers. `columns` is `*`: a column that USING or NATURAL merged stands there
// once, the first in order.
struct NameScope {
  std::vector<const Source*> sources;
  std::vector<ColumnRef> columns;
};

enum class Place : std::uint8_t { kItems, kWhere, kOn, kGroup, kHaving, kOrder };

// A query block while its names are looked up.
struct Block {
  BoundBlock* bound = nullptr;
  Block* outer = nullptr;
  int level = 0;
  NameScope scope;
  const NameScope* on_scope = nullptr;  // of the join whose condition is looked at
  Place place = Place::kItems;
  bool sees_items = false;     // aliases are visible beside columns
  std::size_t items_done = 0;  // items whose names are looked up
  bool in_having = false;      // outside aggregates only items and groups are visible

  [[nodiscard]] const NameScope& names() const { return on_scope != nullptr ? *on_scope : scope; }
};

// "db.table.column" as typed.
[[nodiscard]] std::string typed_name(const mysql::Expr& column);

struct Lookup {
  enum class Kind { kNone, kColumn, kItem, kAmbiguous };
  Kind kind = Kind::kNone;
  ColumnRef column;
  std::size_t item = 0;
};

// Among the tables.
[[nodiscard]] Lookup find_in_tables(const NameScope& scope, const mysql::Expr& name);
// Among the items of the SELECT list, by alias or by column.
[[nodiscard]] Lookup find_in_items(const BoundBlock& block, const mysql::Expr& name);
// Among the columns of GROUP BY.
[[nodiscard]] Lookup find_in_groups(const Resolution& resolution, const BoundBlock& block, const mysql::Expr& name);

}  // namespace intercodesql
