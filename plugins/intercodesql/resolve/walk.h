// Walks over bound expressions.
#pragma once

#include <algorithm>

#include "resolve/bound.h"

namespace intercodesql {

enum class Walk { kDeeper, kSkip, kFound };  // into the parts of an expression, past them, or enough

// Calls visit(expr) for expr and what is below it, subqueries included, until one answers kFound: true then.
template <typename Visit>
bool any_below(const mysql::Expr& expr, const Visit& visit);

template <typename Visit>
bool any_in_query(const mysql::Query& query, const Visit& visit);

template <typename Visit>
bool any_in_table(const mysql::TableRef& table, const Visit& visit) {
  if (table.query && any_in_query(*table.query, visit)) return true;
  if (table.kind != mysql::TableRef::Kind::kJoin) return false;
  return any_in_table(*table.left, visit) || any_in_table(*table.right, visit) ||
         (table.on && any_below(*table.on, visit));
}

template <typename Visit>
bool any_in_query(const mysql::Query& query, const Visit& visit) {
  const auto in = [&](const mysql::ExprPtr& expr) { return expr && any_below(*expr, visit); };
  const auto in_item = [&](const auto& item) { return in(item.expr); };
  const auto in_table = [&](const auto& table) { return any_in_table(*table, visit); };
  if (query.select) {
    const mysql::Select& select = *query.select;
    if (std::any_of(select.items.begin(), select.items.end(), in_item) ||
        std::any_of(select.from.begin(), select.from.end(), in_table) || in(select.where) || in(select.having) ||
        std::any_of(select.group_by.begin(), select.group_by.end(), in)) {
      return true;
    }
  }
  if (query.set && (any_in_query(*query.set->left, visit) || any_in_query(*query.set->right, visit))) return true;
  if (query.nested && any_in_query(*query.nested, visit)) return true;
  return std::any_of(query.order_by.begin(), query.order_by.end(), in_item);
}

template <typename Visit>
bool any_below(const mysql::Expr& expr, const Visit& visit) {
  const Walk walk = visit(expr);
  if (walk != Walk::kDeeper) return walk == Walk::kFound;
  const auto in = [&](const mysql::ExprPtr& part) { return any_below(*part, visit); };
  const auto in_item = [&](const mysql::OrderItem& item) { return any_below(*item.expr, visit); };
  if (std::any_of(expr.args.begin(), expr.args.end(), in)) return true;
  if (std::any_of(expr.order_by.begin(), expr.order_by.end(), in_item)) return true;
  if (expr.window) {
    const mysql::Window& window = *expr.window;
    if (std::any_of(window.partition_by.begin(), window.partition_by.end(), in) ||
        std::any_of(window.order_by.begin(), window.order_by.end(), in_item)) {
      return true;
    }
  }
  return expr.query && any_in_query(*expr.query, visit);
}

// Whose columns an expression of `block` has: the block's own, those of blocks around it.
struct Reach {
  bool own = false;
  bool outer = false;
};
[[nodiscard]] Reach reach_of(const Resolution& resolution, const mysql::Expr& expr, const BoundBlock& block);

}  // namespace intercodesql
