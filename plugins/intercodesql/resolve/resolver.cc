#include "resolve/resolver.h"

#include <algorithm>
#include <charconv>

#include "resolve/errors.h"
#include "resolve/grouping.h"
#include "resolve/outline.h"
#include "resolve/types.h"

namespace intercodesql {

using mysql::Expr;
using mysql::ExprKind;
using mysql::Query;
using mysql::Select;
using mysql::SelectItem;

namespace {

constexpr int kDeepestBlock = 60;  // bits of a mask

std::uint64_t bit(const Block& block) {
  return std::uint64_t{1} << block.level;
}

}  // namespace

const BoundQuery& Resolver::query(const Query& query, Block* outer) {
  if (outer != nullptr && outer->level >= kDeepestBlock) {
    throw MysqlError{1473, "Too high level of nesting for select"};
  }
  if (query.into == Query::Into::kFile) throw errors::file_access();
  if (query.into == Query::Into::kVariables) throw errors::not_supported("SELECT ... INTO @variable");
  const std::size_t outer_names = common_.size();
  for (const auto& table : query.with) {
    CommonName& name = common_.emplace_back();
    name.table = &table;
    name.is_recursive = query.is_recursive;
    name.visible = query.is_recursive ? common_.size() : common_.size() - 1;
  }
  auto owned = std::make_unique<BoundQuery>();
  BoundQuery& bound = *owned;
  bound.query = &query;
  result_.queries[&query] = std::move(owned);
  if (query.select) {
    block_query(bound, query, outer);
  } else if (query.set) {
    set_query(bound, query, outer);
  } else if (query.nested) {
    nested_query(bound, query, outer);
  } else {
    values_query(bound, query, outer);
  }
  common_.resize(outer_names);
  return bound;
}

void Resolver::block_query(BoundQuery& bound, const Query& query, Block* outer) {
  const Select& select = *query.select;
  bound.block = std::make_unique<BoundBlock>();
  Block block;
  block.bound = bound.block.get();
  block.bound->select = &select;
  block.bound->outer = outer == nullptr ? nullptr : outer->bound;
  block.outer = outer;
  block.level = outer == nullptr ? 0 : outer->level + 1;
  const std::uint64_t allowed_outside = aggregates_allowed_;
  auto conditions_outside = std::move(conditions_);
  conditions_.clear();
  auto aggregates_outside = std::move(open_aggregates_);  // their arguments end where a subquery begins
  open_aggregates_ = aggregates_outside;

  from(block, select.from);
  expand_items(block, select);
  items(block, select);
  where(block, select.where);
  on_conditions(block);
  group_by(block, select);
  having(block, select);
  for (std::size_t i = 0; i < query.order_by.size(); ++i) {
    bound.order_by.push_back(order_key(block, query.order_by[i], i + 1));
  }
  if (settings_.only_full_group_by) check_grouping(result_, bound);
  bound.columns = bound.block->items;

  open_aggregates_ = std::move(aggregates_outside);
  conditions_ = std::move(conditions_outside);
  aggregates_allowed_ = allowed_outside;
}

void Resolver::expand_items(Block& block, const Select& select) {
  for (const SelectItem& item : select.items) {
    if (item.kind != SelectItem::Kind::kExpr) {
      expand_star(block, item);
      continue;
    }
    Item& added = block.bound->items.emplace_back();
    added.name = item.name;
    added.expr = item.expr.get();
  }
}

void Resolver::expand_star(Block& block, const SelectItem& item) {
  const auto add = [&](const ColumnRef& column) {
    block.bound->items.push_back({column.get().name, nullptr, column, column.get().type});
  };
  if (item.kind == SelectItem::Kind::kStar) {
    if (block.scope.sources.empty()) throw MysqlError{1096, "No tables used"};
    for (const ColumnRef& column : block.scope.columns) add(column);
    return;
  }
  for (const Source* source : block.scope.sources) {
    if (!equal_ignoring_case(source->alias, item.table)) continue;
    if (!item.database.empty() && !equal_ignoring_case(source->database, item.database)) continue;
    for (std::size_t i = 0; i < source->columns.size(); ++i) add({source, i});
    return;
  }
  throw errors::unknown_table(item.database.empty() ? item.table : item.database + "." + item.table);
}

void Resolver::items(Block& block, const Select&) {
  block.place = Place::kItems;
  block.sees_items = false;
  aggregates_allowed_ |= bit(block);
  for (block.items_done = 0; block.items_done < block.bound->items.size(); ++block.items_done) {
    Item& item = block.bound->items[block.items_done];
    if (item.expr == nullptr) continue;
    clause_ = "field list";
    const Type type = one_column(block, *item.expr);
    Item& done = block.bound->items[block.items_done];
    done.type = type;
    if (const auto column = column_of(result_, *done.expr)) done.column = *column;
    if (done.expr->kind == ExprKind::kColumn && done.expr->name == done.name && done.column.source != nullptr) {
      done.name = done.column.get().name;  // the declaration's case
    }
  }
}

void Resolver::where(Block& block, const mysql::ExprPtr& condition) {
  if (!condition) return;
  aggregates_allowed_ &= ~bit(block);
  block.place = Place::kWhere;
  block.sees_items = false;
  clause_ = "where clause";
  one_column(block, *condition);
}

void Resolver::value(Block& block, const Expr& expr, std::string_view clause) {
  if (expr.kind == ExprKind::kDefault) return;
  clause_ = clause;
  one_column(block, expr);
}

void Resolver::group_by(Block& block, const Select& select) {
  aggregates_allowed_ &= ~bit(block);
  block.place = Place::kGroup;
  block.sees_items = true;
  for (const auto& expr : select.group_by) {
    clause_ = "group statement";
    Key key;
    key.expr = expr.get();
    if (expr->kind == ExprKind::kInteger) {
      std::size_t position = 0;
      std::from_chars(expr->text.data(), expr->text.data() + expr->text.size(), position);
      if (position == 0 || position > block.bound->items.size()) throw errors::unknown_column(expr->text, clause_);
      key.item = position - 1;
    } else if (expr->kind == ExprKind::kColumn) {
      const Lookup item = find_in_items(*block.bound, *expr);
      const Lookup column = find_in_tables(block.scope, *expr);
      if (item.kind == Lookup::Kind::kAmbiguous) throw errors::ambiguous_column(typed_name(*expr), clause_);
      // A column of the tables goes before an alias of something else.
      if (item.kind == Lookup::Kind::kItem && column.kind != Lookup::Kind::kColumn) key.item = item.item;
      const bool same = item.kind == Lookup::Kind::kItem && column.kind == Lookup::Kind::kColumn &&
                        block.bound->items[item.item].column == column.column;
      if (same) key.item = item.item;
    }
    if (!key.item) {
      one_column(block, *expr);
    } else if (const Item& item = block.bound->items[*key.item]; item.expr != nullptr) {
      if (result_.at(*item.expr).has_aggregate) throw errors::cannot_group_on(item.name);
      if (result_.at(*item.expr).has_window) throw errors::window_alias_in_wrong_place(item.name);
    }
    block.bound->group_by.push_back(key);
  }
  if (!select.group_by.empty()) block.bound->is_aggregated = true;
}

void Resolver::having(Block& block, const Select& select) {
  aggregates_allowed_ |= bit(block);
  if (!select.having) return;
  block.place = Place::kHaving;
  block.sees_items = true;
  block.in_having = true;
  clause_ = "having clause";
  one_column(block, *select.having);
  block.in_having = false;
}

Key Resolver::order_key(Block& block, const mysql::OrderItem& item, std::size_t number) {
  const bool was_aggregated = block.bound->is_aggregated;
  aggregates_allowed_ |= bit(block);
  block.place = Place::kOrder;
  block.sees_items = true;
  clause_ = "order clause";
  const Expr& expr = *item.expr;
  Key key;
  key.expr = &expr;
  key.descending = item.descending;
  if (expr.kind == ExprKind::kInteger) {
    std::size_t position = 0;
    std::from_chars(expr.text.data(), expr.text.data() + expr.text.size(), position);
    if (position == 0 || position > block.bound->items.size()) throw errors::unknown_column(expr.text, clause_);
    key.item = position - 1;
    return key;
  }
  if (expr.kind == ExprKind::kColumn) {
    const Lookup found = find_in_items(*block.bound, expr);
    if (found.kind == Lookup::Kind::kAmbiguous) throw errors::ambiguous_column(typed_name(expr), clause_);
    if (found.kind == Lookup::Kind::kItem) {
      key.item = found.item;
      return key;
    }
  }
  one_column(block, expr);
  for (std::size_t i = 0; i < block.bound->items.size() && !key.item; ++i) {
    const Item& candidate = block.bound->items[i];
    const bool same = candidate.expr != nullptr ? same_expression(result_, *candidate.expr, expr)
                                                : is_column(result_, expr, candidate.column);
    if (same) key.item = i;
  }
  if (binding(expr).has_aggregate && !was_aggregated && !key.item) throw errors::aggregate_in_order(number);
  return key;
}

void Resolver::set_query(BoundQuery& bound, const Query& query, Block* outer) {
  const BoundQuery& left = this->query(*query.set->left, outer);
  // The second part of a recursive table sees the first one's columns.
  for (CommonName& name : common_) {
    if (name.is_recursive && name.query == nullptr && name.table->query.get() == &query && name.columns.empty()) {
      for (std::size_t i = 0; i < left.columns.size(); ++i) {
        const auto& given = name.table->columns;
        name.columns.push_back({i < given.size() ? given[i] : left.columns[i].name, left.columns[i].type, true});
      }
    }
  }
  const BoundQuery& right = this->query(*query.set->right, outer);
  if (left.columns.size() != right.columns.size()) throw errors::set_operation_columns();
  for (std::size_t i = 0; i < left.columns.size(); ++i) {
    Item& item = bound.columns.emplace_back();
    item.name = left.columns[i].name;
    item.type = common_type({left.columns[i].type, right.columns[i].type});
  }
  order_of_result(bound, query, outer);
}

void Resolver::nested_query(BoundQuery& bound, const Query& query, Block* outer) {
  const BoundQuery& inside = this->query(*query.nested, outer);
  for (const Item& item : inside.columns) bound.columns.push_back({item.name, nullptr, {}, item.type});
  order_of_result(bound, query, outer);
}

void Resolver::values_query(BoundQuery& bound, const Query& query, Block* outer) {
  BoundBlock nothing;
  Block block;
  block.bound = &nothing;
  block.outer = outer;
  block.level = outer == nullptr ? 0 : outer->level + 1;
  for (const auto& row : query.value_rows) {
    if (row.size() != query.value_rows.front().size()) throw errors::column_count(2);
    for (const auto& expr : row) value(block, *expr, "field list");
  }
  for (std::size_t i = 0; i < query.value_rows.front().size(); ++i) {
    std::vector<Type> types;
    for (const auto& row : query.value_rows) types.push_back(type_of(*row[i]));
    bound.columns.push_back({"column_" + std::to_string(i), nullptr, {}, common_type(types)});
  }
  order_of_result(bound, query, outer);
}

// ORDER BY behind a set operation: over the result's columns, as if they were a table's.
void Resolver::order_of_result(BoundQuery& bound, const Query& query, Block* outer) {
  if (query.order_by.empty()) return;
  bound.block = std::make_unique<BoundBlock>();
  Block block;
  block.bound = bound.block.get();
  block.outer = outer;
  block.bound->outer = outer == nullptr ? nullptr : outer->bound;
  block.level = outer == nullptr ? 0 : outer->level + 1;
  Source& source = add_source("", bound.block.get());
  source.query = &bound;
  for (const Item& item : bound.columns) source.columns.push_back({item.name, item.type, true});
  block.scope = whole_source(source);
  block.bound->sources = block.scope.sources;
  for (const ColumnRef& column : block.scope.columns) {
    block.bound->items.push_back({column.get().name, nullptr, column, column.get().type});
  }
  for (std::size_t i = 0; i < query.order_by.size(); ++i) {
    const Expr& expr = *query.order_by[i].expr;
    if (expr.kind == ExprKind::kColumn && !expr.table.empty()) {
      throw errors::table_in_global_clause(expr.table, "global ORDER clause");
    }
    bound.order_by.push_back(order_key(block, query.order_by[i], i + 1));
  }
}

}  // namespace intercodesql
