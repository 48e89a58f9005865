#include "resolve/grouping.h"

#include <algorithm>
#include <set>
#include <utility>

#include "resolve/errors.h"
#include "resolve/walk.h"

namespace intercodesql {
namespace {

using mysql::Expr;
using mysql::ExprKind;
using mysql::ExprPtr;
using mysql::JoinKind;
using mysql::TableRef;

class GroupCheck {
 public:
  GroupCheck(const Resolution& resolution, const BoundQuery& query)
      : resolution_(resolution), query_(query), block_(*query.block) {
    for (const Key& key : block_.group_by) {
      const Item* item = key.item ? &block_.items[*key.item] : nullptr;
      if (item != nullptr && item->column.source != nullptr) {
        determined_.insert(of(item->column));
      } else if (const Expr* expr = item != nullptr ? item->expr : key.expr; expr->kind == ExprKind::kColumn) {
        if (const auto column = column_of(resolution_, *expr)) determined_.insert(of(*column));
      } else {
        group_expressions_.push_back(expr);
      }
    }
    if (block_.select->where) take_equalities(*block_.select->where);
    for (const auto& table : block_.select->from) take_joins(*table);
    close();
  }

  void run() const {
    for (std::size_t i = 0; i < block_.items.size(); ++i) {
      const Item& item = block_.items[i];
      check(item.expr, item.column, i + 1, "SELECT list");
    }
    if (block_.select->having) check(block_.select->having.get(), {}, 1, "HAVING clause");
    if (block_.group_by.empty()) return;  // one row: its order is not looked at
    for (std::size_t i = 0; i < query_.order_by.size(); ++i) {
      if (!query_.order_by[i].item) check(query_.order_by[i].expr, {}, i + 1, "ORDER BY clause");
    }
  }

 private:
  using Column = std::pair<const Source*, std::size_t>;
  static Column of(const ColumnRef& column) { return {column.source, column.column}; }

  void check(const Expr* expr, const ColumnRef& star, std::size_t number, std::string_view clause) const {
    ColumnRef offender;
    if (expr == nullptr) {
      if (determined_.contains(of(star))) return;
      offender = star;
    } else if (!any_below(*expr, [&](const Expr& part) { return is_free(part, offender); }) ||
               offender.source == nullptr) {
      return;
    }
    if (block_.group_by.empty()) throw errors::not_aggregated(number, clause, full_name(offender));
    throw errors::not_grouped(number, clause, full_name(offender));
  }

  // Found: a column of this block without one value per group.
  Walk is_free(const Expr& part, ColumnRef& offender) const {
    const Binding& binding = resolution_.at(part);
    const bool own_aggregate = part.kind == ExprKind::kAggregate && binding.aggregate_block == &block_;
    const bool any_value = part.kind == ExprKind::kFunction && part.name == "ANY_VALUE";
    const auto is_grouped = [&](const Expr* group) { return same_expression(resolution_, *group, part); };
    if (own_aggregate || any_value || std::any_of(group_expressions_.begin(), group_expressions_.end(), is_grouped)) {
      return Walk::kSkip;
    }
    if (part.kind != ExprKind::kColumn) return Walk::kDeeper;
    if (binding.item_block == &block_) {
      const Expr& item = behind_items(resolution_, part);
      const auto visit = [&](const Expr& below) { return is_free(below, offender); };
      return &item != &part && any_below(item, visit) ? Walk::kFound : Walk::kSkip;
    }
    const auto column = column_of(resolution_, part);
    if (!column || column->source == nullptr || column->source->block != &block_) return Walk::kSkip;
    if (determined_.contains(of(*column))) return Walk::kSkip;
    offender = *column;
    return Walk::kFound;
  }

  void take_equalities(const Expr& condition) {
    if (condition.kind == ExprKind::kAnd) {
      for (const auto& arg : condition.args) take_equalities(*arg);
      return;
    }
    const bool equal = condition.kind == ExprKind::kCompare && condition.op == mysql::Op::kEqual;
    if (!equal) return;
    const auto left = own_column(*condition.args[0]);
    const auto right = own_column(*condition.args[1]);
    if (left && right) {
      equal_.emplace_back(*left, *right);
    } else if (left && is_constant(*condition.args[1])) {
      determined_.insert(*left);
    } else if (right && is_constant(*condition.args[0])) {
      determined_.insert(*right);
    }
  }

  // An outer join's condition determines its weak side from the other, not the other way round.
  void take_outer_equalities(const Expr& condition, const std::set<const Source*>& weak) {
    if (condition.kind == ExprKind::kAnd) {
      for (const auto& arg : condition.args) take_outer_equalities(*arg, weak);
      return;
    }
    if (condition.kind != ExprKind::kCompare || condition.op != mysql::Op::kEqual) return;
    const auto left = own_column(*condition.args[0]);
    const auto right = own_column(*condition.args[1]);
    if (!left || !right) return;
    if (weak.contains(left->first) && !weak.contains(right->first)) implied_.emplace_back(*right, *left);
    if (weak.contains(right->first) && !weak.contains(left->first)) implied_.emplace_back(*left, *right);
  }

  void collect(const TableRef& table, std::set<const Source*>& sources) const {
    if (table.kind == TableRef::Kind::kJoin) {
      collect(*table.left, sources);
      collect(*table.right, sources);
    } else {
      sources.insert(block_.source_of.at(&table));
    }
  }

  void take_joins(const TableRef& table) {
    if (table.kind != TableRef::Kind::kJoin) return;
    take_joins(*table.left);
    take_joins(*table.right);
    const auto pairs = block_.equal_columns.find(&table);
    if (table.join == JoinKind::kInner) {
      if (table.on) take_equalities(*table.on);
      if (pairs == block_.equal_columns.end()) return;
      for (const auto& pair : pairs->second) equal_.emplace_back(of(pair.first), of(pair.second));
      return;
    }
    const bool left_is_weak = table.join == JoinKind::kRight;
    std::set<const Source*> weak;
    collect(left_is_weak ? *table.left : *table.right, weak);
    if (table.on) take_outer_equalities(*table.on, weak);
    if (pairs == block_.equal_columns.end()) return;
    for (const auto& pair : pairs->second) {
      left_is_weak ? implied_.emplace_back(of(pair.second), of(pair.first))
                   : implied_.emplace_back(of(pair.first), of(pair.second));
    }
  }

  [[nodiscard]] std::optional<Column> own_column(const Expr& expr) const {
    const auto column = column_of(resolution_, expr);
    if (!column || column->source == nullptr || column->source->block != &block_) return std::nullopt;
    return of(*column);
  }

  // One value for the whole query: no column of this block in it, and no subquery, whose value MySQL does not know yet.
  [[nodiscard]] bool is_constant(const Expr& expr) const {
    return !any_below(expr, [&](const Expr& part) {
      return part.query || (part.kind == ExprKind::kColumn && own_column(part)) ? Walk::kFound : Walk::kDeeper;
    });
  }

  void close() {
    for (bool grown = true; grown;) {
      const std::size_t before = determined_.size();
      for (const auto& [a, b] : equal_) {
        if (determined_.contains(a)) determined_.insert(b);
        if (determined_.contains(b)) determined_.insert(a);
      }
      for (const auto& [from, to] : implied_) {
        if (determined_.contains(from)) determined_.insert(to);
      }
      for (const Source* source : block_.sources) close_keys(*source);
      grown = determined_.size() > before;
    }
  }

  void close_keys(const Source& source) {
    const auto has_all = [&](const std::vector<std::size_t>& columns) {
      return !columns.empty() && std::all_of(columns.begin(), columns.end(), [&](std::size_t column) {
        return determined_.contains({&source, column});
      });
    };
    const auto take_all = [&] {
      for (std::size_t i = 0; i < source.columns.size(); ++i) determined_.insert({&source, i});
    };
    if (source.table != nullptr) {
      const auto not_null = [&](std::size_t column) { return !source.columns[column].nullable; };
      if (has_all(source.table->primary_key)) return take_all();
      for (const auto& key : source.table->unique_keys) {
        if (has_all(key) && std::all_of(key.begin(), key.end(), not_null)) return take_all();
      }
      return;
    }
    // A grouped derived table has one row for each value of its groups.
    const BoundBlock* inside = source.query == nullptr ? nullptr : source.query->block.get();
    if (inside == nullptr || !inside->is_aggregated || inside->select == nullptr) return;
    std::vector<std::size_t> key;
    for (const Key& group : inside->group_by) {
      if (!group.item && group.expr->kind != ExprKind::kColumn) return;
      std::optional<std::size_t> item = group.item;
      for (std::size_t i = 0; i < inside->items.size() && !item; ++i) {
        if (inside->items[i].column == column_of(resolution_, *group.expr)) item = i;
      }
      if (!item) return;
      key.push_back(*item);
    }
    if (inside->group_by.empty() || has_all(key)) take_all();
  }

  const Resolution& resolution_;
  const BoundQuery& query_;
  const BoundBlock& block_;
  std::set<Column> determined_;
  std::vector<std::pair<Column, Column>> equal_;
  std::vector<std::pair<Column, Column>> implied_;  // the first determines the second
  std::vector<const Expr*> group_expressions_;
};

// Do the groups make the rows distinct already, because the list has all of them? Then MySQL drops DISTINCT.
bool is_distinct_by_groups(const Resolution& resolution, const BoundBlock& block) {
  if (block.group_by.empty()) return false;
  return std::all_of(block.group_by.begin(), block.group_by.end(), [&](const Key& key) {
    return key.item || std::any_of(block.items.begin(), block.items.end(), [&](const Item& item) {
             return item.expr != nullptr ? same_expression(resolution, *item.expr, *key.expr)
                                         : is_column(resolution, *key.expr, item.column);
           });
  });
}

// SELECT DISTINCT: what ORDER BY names has to be in the list.
void check_distinct(const Resolution& resolution, const BoundQuery& query) {
  const BoundBlock& block = *query.block;
  for (std::size_t i = 0; i < query.order_by.size(); ++i) {
    const Key& key = query.order_by[i];
    if (key.item) continue;
    any_below(*key.expr, [&](const Expr& part) {
      if (part.kind == ExprKind::kAggregate && resolution.at(part).aggregate_block == &block) {
        throw errors::aggregate_not_in_distinct(i + 1);
      }
      if (part.kind != ExprKind::kColumn) return Walk::kDeeper;
      const auto column = column_of(resolution, part);
      if (!column || column->source == nullptr || column->source->block != &block) return Walk::kSkip;
      const auto is_listed = [&](const Item& item) { return item.column == *column; };
      if (!std::any_of(block.items.begin(), block.items.end(), is_listed)) {
        throw errors::not_in_distinct(i + 1, full_name(*column));
      }
      return Walk::kSkip;
    });
  }
}

}  // namespace

void check_grouping(const Resolution& resolution, const BoundQuery& query) {
  const BoundBlock& block = *query.block;
  if (block.is_aggregated) GroupCheck(resolution, query).run();
  const bool one_row = block.is_aggregated && block.group_by.empty();
  const bool is_distinct = block.select->is_distinct && !one_row && !is_distinct_by_groups(resolution, block);
  if (is_distinct) check_distinct(resolution, query);
}

}  // namespace intercodesql
