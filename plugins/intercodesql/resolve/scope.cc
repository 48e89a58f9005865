#include "resolve/scope.h"

namespace intercodesql {
namespace {

using mysql::Expr;

bool names_table(const Expr& name, const Source& source) {
  if (!equal_ignoring_case(source.alias, name.table)) return false;
  return name.database.empty() || equal_ignoring_case(source.database, name.database);
}

bool names_column(const Expr& name, const ColumnRef& column) {
  return equal_ignoring_case(column.get().name, name.name) && (name.table.empty() || names_table(name, *column.source));
}

}  // namespace

std::string typed_name(const Expr& column) {
  std::string text;
  if (!column.database.empty()) text += column.database + ".";
  if (!column.table.empty()) text += column.table + ".";
  return text + column.name;
}

Lookup find_in_tables(const NameScope& scope, const Expr& name) {
  Lookup found;
  const auto take = [&](const ColumnRef& column) {
    found.kind = found.kind == Lookup::Kind::kNone ? Lookup::Kind::kColumn : Lookup::Kind::kAmbiguous;
    if (found.kind == Lookup::Kind::kColumn) found.column = column;
  };
  if (name.table.empty()) {
    for (const ColumnRef& column : scope.columns) {
      if (equal_ignoring_case(column.get().name, name.name)) take(column);
    }
    return found;
  }
  for (const Source* source : scope.sources) {
    if (!names_table(name, *source)) continue;
    for (std::size_t i = 0; i < source->columns.size(); ++i) {
      if (equal_ignoring_case(source->columns[i].name, name.name)) take({source, i});
    }
  }
  return found;
}

// An alias goes before the column behind one; a computed item is found by its alias only.
Lookup find_in_items(const BoundBlock& block, const Expr& name) {
  Lookup by_name;
  Lookup behind_alias;
  for (std::size_t i = 0; i < block.items.size(); ++i) {
    const Item& item = block.items[i];
    const bool is_column = item.column.source != nullptr;
    const bool same_name = equal_ignoring_case(item.name, name.name);
    if (!is_column) {
      if (!name.table.empty() || !same_name || by_name.kind != Lookup::Kind::kNone) continue;
      return {Lookup::Kind::kItem, {}, i};
    }
    const bool by_alias = name.table.empty() ? same_name : names_column(name, item.column);
    Lookup& found = by_alias ? by_name : behind_alias;
    if (!by_alias && !names_column(name, item.column)) continue;
    if (found.kind == Lookup::Kind::kNone) {
      found = {Lookup::Kind::kItem, item.column, i};
    } else if (!(found.column == item.column)) {
      found.kind = Lookup::Kind::kAmbiguous;
    }
  }
  return by_name.kind != Lookup::Kind::kNone ? by_name : behind_alias;
}

Lookup find_in_groups(const Resolution& resolution, const BoundBlock& block, const Expr& name) {
  for (const Key& key : block.group_by) {
    ColumnRef column;
    if (key.item) {
      column = block.items[*key.item].column;
    } else if (key.expr->kind == mysql::ExprKind::kColumn) {
      column = resolution.at(*key.expr).column;
    }
    if (column.source != nullptr && names_column(name, column)) return {Lookup::Kind::kColumn, column, 0};
  }
  return {};
}

}  // namespace intercodesql
