// Names to columns, expressions to types, and MySQL's refusals in MySQL's order.
//
// The order in which a server looks at a statement decides which of several errors an agent reads: tables (outline.h),
// derived tables, the SELECT list, WHERE, ON, GROUP BY, HAVING, ORDER BY, each with its subqueries; then the rules of
// grouping (grouping.h).
#pragma once

#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "mysql/ast.h"
#include "resolve/bound.h"

namespace intercodesql {

struct ResolveSettings {
  bool only_full_group_by = true;
};

// Both throw the MysqlError of the first refusal. `expressions`: Statement::expressions.
[[nodiscard]] Resolution resolve_query(const mysql::Query& query, std::uint32_t expressions, const Catalog& catalog,
                                       std::string_view current_database, ResolveSettings settings);

// The tables and expressions of an UPDATE or DELETE, and the values of an INSERT.
struct BoundChange {
  Resolution resolution;
  std::unique_ptr<BoundBlock> block;  // its sources are the statement's tables
  std::vector<Key> order_by;
};
[[nodiscard]] BoundChange resolve_update(const mysql::Update& update, std::uint32_t expressions, const Catalog& catalog,
                                         std::string_view current_database, ResolveSettings settings);
[[nodiscard]] BoundChange resolve_delete(const mysql::Delete& statement, std::uint32_t expressions,
                                         const Catalog& catalog, std::string_view current_database,
                                         ResolveSettings settings);
// The block's only source is the table written to, which the values of ON DUPLICATE KEY UPDATE may name.
[[nodiscard]] BoundChange resolve_insert(const mysql::Insert& insert, std::uint32_t expressions, const Catalog& catalog,
                                         std::string_view current_database, ResolveSettings settings);

}  // namespace intercodesql
