#include "resolve/resolve.h"

#include "resolve/errors.h"
#include "resolve/outline.h"
#include "resolve/resolver.h"

namespace intercodesql {

Resolution resolve_query(const mysql::Query& query, std::uint32_t expressions, const Catalog& catalog,
                         std::string_view current_database, ResolveSettings settings) {
  check_outline(query, catalog, current_database);
  Resolver resolver(catalog, current_database, settings, expressions);
  resolver.query(query, nullptr);
  return resolver.take_result();
}

BoundChange resolve_update(const mysql::Update& update, std::uint32_t expressions, const Catalog& catalog,
                           std::string_view current_database, ResolveSettings settings) {
  check_outline(update, catalog, current_database);
  Resolver resolver(catalog, current_database, settings, expressions);
  BoundChange change;
  change.block = std::make_unique<BoundBlock>();
  Block block;
  block.bound = change.block.get();
  resolver.from(block, update.tables);
  for (const auto& assignment : update.assignments) resolver.value(block, *assignment.column, "field list");
  for (const auto& assignment : update.assignments) resolver.value(block, *assignment.value, "field list");
  resolver.where(block, update.where);
  resolver.on_conditions(block);
  for (std::size_t i = 0; i < update.order_by.size(); ++i) {
    change.order_by.push_back(resolver.order_key(block, update.order_by[i], i + 1));
  }
  change.resolution = resolver.take_result();
  return change;
}

BoundChange resolve_delete(const mysql::Delete& statement, std::uint32_t expressions, const Catalog& catalog,
                           std::string_view current_database, ResolveSettings settings) {
  check_outline(statement, catalog, current_database);
  Resolver resolver(catalog, current_database, settings, expressions);
  BoundChange change;
  change.block = std::make_unique<BoundBlock>();
  Block block;
  block.bound = change.block.get();
  resolver.from(block, statement.tables);
  resolver.where(block, statement.where);
  resolver.on_conditions(block);
  for (std::size_t i = 0; i < statement.order_by.size(); ++i) {
    change.order_by.push_back(resolver.order_key(block, statement.order_by[i], i + 1));
  }
  change.resolution = resolver.take_result();
  return change;
}

BoundChange resolve_insert(const mysql::Insert& insert, std::uint32_t expressions, const Catalog& catalog,
                           std::string_view current_database, ResolveSettings settings) {
  check_outline(insert, catalog, current_database);
  Resolver resolver(catalog, current_database, settings, expressions);
  BoundChange change;
  change.block = std::make_unique<BoundBlock>();
  Source& target =
      resolver.add_base_table(insert.table.database, insert.table.name, insert.table.name, change.block.get());
  const Table& table = *target.table;
  for (const std::string& name : insert.columns) {
    if (!table.find_column(name)) throw errors::unknown_column(name, "field list");
  }
  const std::size_t width = insert.columns.empty() ? table.columns.size() : insert.columns.size();
  Block block;
  block.bound = change.block.get();
  for (std::size_t i = 0; i < insert.rows.size(); ++i) {
    const bool all_defaults = insert.rows[i].empty() && insert.columns.empty();
    if (insert.rows[i].size() != width && !all_defaults) throw errors::column_count(i + 1);
    for (const auto& expr : insert.rows[i]) resolver.value(block, *expr, "field list");
  }
  if (insert.query) {
    const BoundQuery& rows = resolver.query(*insert.query, nullptr);
    if (rows.columns.size() != width) throw errors::column_count(1);
  }
  block.scope.sources.push_back(&target);
  for (std::size_t i = 0; i < target.columns.size(); ++i) block.scope.columns.push_back({&target, i});
  change.block->sources = block.scope.sources;
  for (const auto& assignment : insert.on_duplicate) {
    resolver.value(block, *assignment.column, "field list");
    resolver.value(block, *assignment.value, "field list");
  }
  change.resolution = resolver.take_result();
  return change;
}

}  // namespace intercodesql
