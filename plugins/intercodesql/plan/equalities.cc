#include "plan/equalities.h"

#include <algorithm>

namespace intercodesql {

using mysql::Expr;
using mysql::ExprKind;
using mysql::Op;

namespace {

bool is_constant_side(const Expr& expr) {
  return expr.kind != ExprKind::kColumn;
}

bool compare_alike(const Type& a, const Type& b) {
  if (is_text(a) != is_text(b)) return false;
  if (is_text(a)) return a.is_binary == b.is_binary;
  if (is_temporal(a) || is_temporal(b)) return a.base == b.base;
  return is_number(a) == is_number(b);
}

}  // namespace

bool can_look_up(const Type& column, const Type& value) {
  if (value.base == BaseType::kNull) return true;
  if (is_text(column)) return is_text(value) && column.is_binary == value.is_binary;
  return true;
}

std::optional<ColumnRef> Equalities::own_column(const Expr& expr) const {
  const auto column = column_of(resolution_, expr);
  if (!column || column->source == nullptr || problem_.find(column->source) == nullptr) return std::nullopt;
  return column;
}

void Equalities::make_equal(const ColumnRef& a, const ColumnRef& b) {
  const auto holds = [](const EqualColumns& equal, const ColumnRef& column) {
    return std::find(equal.columns.begin(), equal.columns.end(), column) != equal.columns.end();
  };
  EqualColumns merged;
  merged.columns = {a};
  if (!(a == b)) merged.columns.push_back(b);
  auto& all = problem_.equal;
  for (auto it = all.begin(); it != all.end();) {
    if (!holds(*it, a) && !holds(*it, b)) {
      ++it;
      continue;
    }
    for (const ColumnRef& column : it->columns) {
      if (!holds(merged, column)) merged.columns.push_back(column);
    }
    if (it->has_constant) {
      merged.has_constant = true;
      merged.condition = it->condition;
    }
    it = all.erase(it);
  }
  all.push_back(std::move(merged));
}

// a = b between columns, or with a constant. Others may still be key uses.
void Equalities::add(const Expr& expr) {
  if (expr.kind == ExprKind::kIsNull && !expr.is_negated) {
    if (const auto column = own_column(*expr.args[0])) lookups_.push_back({*column, 0, &expr});
    return;
  }
  if (expr.kind != ExprKind::kCompare || (expr.op != Op::kEqual && expr.op != Op::kNullSafeEqual)) return;
  const auto left = own_column(*expr.args[0]);
  const auto right = own_column(*expr.args[1]);
  if (left && right) {
    if (left->source != right->source && compare_alike(left->get().type, right->get().type) && expr.op == Op::kEqual) {
      make_equal(*left, *right);
      mark_equality(expr);
    } else {
      add_lookup(*left, *expr.args[1], expr);
      add_lookup(*right, *expr.args[0], expr);
    }
    return;
  }
  if (left) add_value(*left, *expr.args[1], expr);
  if (right) add_value(*right, *expr.args[0], expr);
}

void Equalities::add_value(const ColumnRef& column, const Expr& value, const Expr& condition) {
  const bool is_constant = problem_.tables_of(resolution_, value) == 0;
  if (is_constant && is_constant_side(value) && compare_alike(column.get().type, type_of(value)) &&
      condition.op == Op::kEqual) {
    make_equal(column, column);
    problem_.equal.back().has_constant = true;
    problem_.equal.back().condition = &condition;
    mark_equality(condition);
  } else {
    add_lookup(column, value, condition);
  }
}

void Equalities::mark_equality(const Expr& expr) {
  for (Conjunct& conjunct : problem_.conjuncts) conjunct.is_equality |= conjunct.expr == &expr;
}

void Equalities::add_lookup(const ColumnRef& column, const Expr& value, const Expr& condition) {
  if (!can_look_up(column.get().type, type_of(value))) return;
  const TableSet needs = problem_.tables_of(resolution_, value);
  const PlanTable* own = problem_.find(column.source);
  if ((needs & own->bit) == 0) lookups_.push_back({column, needs, &condition});
}

void Equalities::add_pair(const Expr& outer, const Item& inner, const Expr& condition) {
  const auto left = own_column(outer);
  const bool is_column = inner.column.source != nullptr && problem_.find(inner.column.source) != nullptr;
  if (left && is_column && compare_alike(left->get().type, inner.type)) {
    make_equal(*left, inner.column);
  } else if (is_column) {
    add_lookup(inner.column, outer, condition);
  }
}

// Of a condition of an outer join only the inner side can be looked up.
void Equalities::add_outer(const Expr& expr, TableSet inner) {
  if (expr.kind != ExprKind::kCompare || expr.op != Op::kEqual) return;
  for (const int side : {0, 1}) {
    const auto column = own_column(*expr.args[static_cast<std::size_t>(side)]);
    if (!column || (problem_.find(column->source)->bit & inner) == 0) continue;
    const Expr& value = *expr.args[static_cast<std::size_t>(1 - side)];
    add_lookup(*column, value, expr);
    const auto outer = own_column(value);
    if (!outer) continue;
    for (const EqualColumns& equal : problem_.equal) {
      if (std::find(equal.columns.begin(), equal.columns.end(), *outer) == equal.columns.end()) continue;
      if (equal.has_constant) lookups_.push_back({*column, 0, equal.condition});
      for (const ColumnRef& other : equal.columns) {
        if (!(other == *outer)) lookups_.push_back({*column, problem_.find(other.source)->bit, &expr});
      }
    }
  }
}

void Equalities::add_outer(const ColumnRef& inner, const ColumnRef& outer) {
  lookups_.push_back({inner, problem_.find(outer.source)->bit, nullptr});
}

std::vector<KeyLookup> Equalities::take_lookups() {
  for (const EqualColumns& equal : problem_.equal) {
    for (const ColumnRef& column : equal.columns) {
      if (equal.has_constant) {
        lookups_.push_back({column, 0, equal.condition});
        continue;
      }
      for (const ColumnRef& other : equal.columns) {
        if (other.source == column.source) continue;
        lookups_.push_back({column, problem_.find(other.source)->bit, nullptr});
      }
    }
  }
  return std::move(lookups_);
}

}  // namespace intercodesql
