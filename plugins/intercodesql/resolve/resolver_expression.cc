// Names, operators and subqueries.
#include <algorithm>

#include "resolve/errors.h"
#include "resolve/resolver.h"
#include "resolve/types.h"

namespace intercodesql {

using mysql::Expr;
using mysql::ExprKind;
using mysql::Op;

Type Resolver::expression(Block& block, const Expr& expr) {
  const Type type = expression_kind(block, expr);
  Binding& bound = binding(expr);
  bound.type = type;
  for (const auto& arg : expr.args) {
    bound.has_aggregate = bound.has_aggregate || binding(*arg).has_aggregate;
    bound.has_window = bound.has_window || binding(*arg).has_window;
  }
  return type;
}

Type Resolver::one_column(Block& block, const Expr& expr) {
  const Type type = expression(block, expr);
  if (width(expr) != 1) throw errors::operand_columns(1);
  return type;
}

std::vector<Type> Resolver::all(Block& block, const std::vector<mysql::ExprPtr>& args) {
  std::vector<Type> types;
  types.reserve(args.size());
  for (const auto& arg : args) types.push_back(one_column(block, *arg));
  return types;
}

std::size_t Resolver::width(const Expr& expr) const {
  if (expr.kind == ExprKind::kRow) return expr.args.size();
  if (expr.kind == ExprKind::kSubquery) return result_.at(*expr.query).columns.size();
  return 1;
}

void Resolver::same_width(const Expr& left, const Expr& right) const {
  if (width(left) != width(right)) throw errors::operand_columns(width(left));
  if (left.kind != ExprKind::kRow || right.kind != ExprKind::kRow) return;
  for (std::size_t i = 0; i < left.args.size(); ++i) same_width(*left.args[i], *right.args[i]);
}

Type Resolver::expression_kind(Block& block, const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNull:
    case ExprKind::kBoolean:
    case ExprKind::kInteger:
    case ExprKind::kDecimal:
    case ExprKind::kFloat:
    case ExprKind::kString:
    case ExprKind::kBytes:
    case ExprKind::kTemporal:
      return literal_type(expr);
    case ExprKind::kStar:
      return int_type();
    case ExprKind::kDefault:
      return {};
    case ExprKind::kColumn:
      return column(block, expr);
    case ExprKind::kVariable:
      return expr.args.empty() ? text_type() : one_column(block, *expr.args[0]);
    case ExprKind::kSystemVariable:
      return text_type();
    case ExprKind::kNegate: {
      const Type type = number_type(one_column(block, *expr.args[0]));
      return type.base == BaseType::kInt ? int_type() : type;
    }
    case ExprKind::kPlus:
      return one_column(block, *expr.args[0]);
    case ExprKind::kInvert:
      one_column(block, *expr.args[0]);
      return unsigned_type();
    case ExprKind::kBinary: {
      const Type type = one_column(block, *expr.args[0]);
      return {BaseType::kBlob, type.length, -1, false, true};
    }
    case ExprKind::kArithmetic: {
      const Type left = one_column(block, *expr.args[0]);
      return arithmetic_type(expr.op, left, one_column(block, *expr.args[1]));
    }
    case ExprKind::kNot:
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kXor:
    case ExprKind::kIsTrue:
    case ExprKind::kIsNull:
    case ExprKind::kLike:
    case ExprKind::kRegexp:
    case ExprKind::kBetween:
      all(block, expr.args);
      return int_type();
    case ExprKind::kCompare:
      return compare(block, expr);
    case ExprKind::kQuantified:
    case ExprKind::kInQuery:
      return in_query(block, expr);
    case ExprKind::kInList:
      return in_list(block, expr);
    case ExprKind::kExists:
      subquery(block, expr);
      return int_type();
    case ExprKind::kSubquery:
      return subquery(block, expr);
    case ExprKind::kRow:
      for (const auto& arg : expr.args) expression(block, *arg);
      return {};
    case ExprKind::kCase:
      return case_type(block, expr);
    case ExprKind::kCast:
      one_column(block, *expr.args[0]);
      return cast_type(expr.cast_type);
    case ExprKind::kCollate: {
      Type type = one_column(block, *expr.args[0]);
      if (!is_text(type)) type = text_type();
      type.is_binary = expr.name.ends_with("_bin") || expr.name == "binary";
      return type;
    }
    case ExprKind::kIntervalAdd: {
      const Type type = one_column(block, *expr.args[0]);
      one_column(block, *expr.args[1]);
      const bool below_day = expr.unit.find("HOUR") != std::string::npos ||
                             expr.unit.find("MINUTE") != std::string::npos ||
                             expr.unit.find("SECOND") != std::string::npos;
      if (type.base == BaseType::kDate) return datetime_type(below_day ? BaseType::kDatetime : BaseType::kDate);
      return is_temporal(type) ? type : text_type();
    }
    case ExprKind::kFunction:
      return function(block, expr);
    case ExprKind::kAggregate:
      return aggregate(block, expr);
    case ExprKind::kWindow:
      return window(block, expr);
  }
  return {};
}

// --- names

void Resolver::bind_column(const Block& block, const Expr& expr, const ColumnRef& column) {
  Binding& bound = binding(expr);
  bound.column = column;
  bound.type = column.get().type;
  for (Aggregate& open : open_aggregates_) {
    if (block.level <= open.level) open.highest_argument = std::max(open.highest_argument, block.level);
  }
}

void Resolver::bind_item(const Block& block, const Expr& expr, std::size_t item) {
  const Item& named = block.bound->items[item];
  Binding& bound = binding(expr);
  if (named.expr == nullptr) return bind_column(block, expr, named.column);
  if (named.column.source != nullptr) {
    bind_column(block, expr, named.column);
    return;
  }
  bound.item_block = block.bound;
  bound.item = item;
  bound.type = named.type;
  bound.has_aggregate = result_.at(*named.expr).has_aggregate;
  bound.has_window = result_.at(*named.expr).has_window;
  const bool takes_windows = block.place == Place::kItems || block.place == Place::kOrder;
  if (bound.has_window && !takes_windows) throw errors::window_alias_in_wrong_place(named.name);
  for (Aggregate& open : open_aggregates_) {
    if (block.level > open.level) continue;
    open.highest_argument = std::max(open.highest_argument, block.level);
    if (bound.has_aggregate) open.highest_aggregate = std::max(open.highest_aggregate, block.level);
  }
}

Type Resolver::column(Block& block, const Expr& expr) {
  if (!bind_here(block, expr) && !bind_outside(block, expr)) throw errors::unknown_column(typed_name(expr), clause_);
  return type_of(expr);
}

bool Resolver::bind_here(Block& block, const Expr& expr) {
  const bool only_items = block.in_having && (open_aggregates_.empty() || open_aggregates_.back().level < block.level);
  Lookup column;
  if (only_items) {
    column = find_in_groups(result_, *block.bound, expr);
  } else {
    column = find_in_tables(block.names(), expr);
    if (column.kind == Lookup::Kind::kAmbiguous) throw errors::ambiguous_column(typed_name(expr), clause_);
  }
  const bool seek_item = block.sees_items && (only_items || column.kind == Lookup::Kind::kNone);
  const Lookup item = seek_item ? find_in_items(*block.bound, expr) : Lookup{};
  if (column.kind == Lookup::Kind::kNone && item.kind == Lookup::Kind::kAmbiguous) {
    throw errors::ambiguous_column(typed_name(expr), clause_);
  }
  if (column.kind == Lookup::Kind::kColumn) {
    bind_column(block, expr, column.column);
  } else if (item.kind == Lookup::Kind::kItem) {
    bind_item(block, expr, item.item);
  } else {
    return false;
  }
  return true;
}

bool Resolver::bind_outside(Block& block, const Expr& expr) {
  for (Block* outer = block.outer; outer != nullptr; outer = outer->outer) {
    const Lookup column = find_in_tables(outer->names(), expr);
    if (column.kind == Lookup::Kind::kAmbiguous) throw errors::ambiguous_column(typed_name(expr), clause_);
    if (column.kind == Lookup::Kind::kColumn) {
      // From the HAVING of a grouped query only what it may use itself.
      const bool hidden = outer->place == Place::kHaving && !outer->bound->group_by.empty() &&
                          open_aggregates_.empty() &&
                          find_in_groups(result_, *outer->bound, expr).kind == Lookup::Kind::kNone &&
                          find_in_items(*outer->bound, expr).kind == Lookup::Kind::kNone;
      if (hidden) throw errors::unknown_column(full_name(column.column), clause_);
      bind_column(*outer, expr, column.column);
      return true;
    }
    if (outer->place == Place::kWhere || outer->place == Place::kOn) continue;
    const Lookup item = find_in_items(*outer->bound, expr);
    if (item.kind == Lookup::Kind::kAmbiguous) throw errors::ambiguous_column(typed_name(expr), clause_);
    if (item.kind != Lookup::Kind::kItem) continue;
    const Item& named = outer->bound->items[item.item];
    if (outer->place == Place::kItems && named.expr != nullptr) {
      if (item.item >= outer->items_done) {
        throw errors::unsupported_reference(typed_name(expr), "forward reference in item list");
      }
      if (result_.at(*named.expr).has_aggregate) {
        throw errors::unsupported_reference(typed_name(expr), "reference to group function");
      }
    }
    bind_item(*outer, expr, item.item);
    return true;
  }
  return false;
}

// --- operators over rows and queries

Type Resolver::compare(Block& block, const Expr& expr) {
  for (const auto& arg : expr.args) expression(block, *arg);
  same_width(*expr.args[0], *expr.args[1]);
  return int_type();
}

Type Resolver::in_list(Block& block, const Expr& expr) {
  for (const auto& arg : expr.args) expression(block, *arg);
  for (std::size_t i = 1; i < expr.args.size(); ++i) same_width(*expr.args[0], *expr.args[i]);
  return int_type();
}

Type Resolver::in_query(Block& block, const Expr& expr) {
  clause_ = "IN/ALL/ANY subquery";  // and so it stays for what follows, as in MySQL
  expression(block, *expr.args[0]);
  subquery(block, expr);
  if (width(*expr.args[0]) != result_.at(*expr.query).columns.size()) {
    throw errors::operand_columns(width(*expr.args[0]));
  }
  return int_type();
}

Type Resolver::subquery(Block& block, const Expr& expr) {
  const std::string_view clause = clause_;
  const std::uint64_t allowed = aggregates_allowed_;
  const BoundQuery& inside = query(*expr.query, &block);
  clause_ = clause;
  aggregates_allowed_ = allowed;
  return inside.columns.front().type;
}

Type Resolver::case_type(Block& block, const Expr& expr) {
  std::vector<Type> results;
  const std::size_t first = expr.is_simple ? 1 : 0;
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const Type type = one_column(block, *expr.args[i]);
    const bool is_else = expr.has_else && i + 1 == expr.args.size();
    if (is_else || (i >= first && (i - first) % 2 == 1)) results.push_back(type);
  }
  return common_type(results);
}

}  // namespace intercodesql
