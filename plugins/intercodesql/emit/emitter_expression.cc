// Operators, literals, names, CASE and CAST.
#include <algorithm>

#include "emit/emitter.h"
#include "engine/datetime.h"
#include "engine/text.h"
#include "mysql/syntax_error.h"
#include "resolve/types.h"

namespace intercodesql {

using mysql::Expr;
using mysql::ExprKind;
using mysql::Op;

namespace {

std::string negated(bool is_negated, std::string sql) {
  return is_negated ? concat("(NOT ", sql, ")") : sql;
}

std::string_view sign_of(Op op) {
  switch (op) {
    case Op::kAdd:
      return " + ";
    case Op::kSubtract:
      return " - ";
    case Op::kMultiply:
      return " * ";
    case Op::kBitAnd:
      return " & ";
    default:
      return " | ";
  }
}

bool is_additive(Op op) {
  return op == Op::kAdd || op == Op::kSubtract || op == Op::kMultiply;
}

// DATE '…' and the like: MySQL refuses what is none.
std::string temporal_text(const Expr& expr) {
  const MysqlError wrong{
      1525, concat("Incorrect ", expr.name == "TIMESTAMP" ? "DATETIME" : expr.name, " value: '", expr.text, "'")};
  if (expr.name == "TIME") {
    const auto time = read_time(expr.text);
    if (!time) throw wrong;
    return time_text(*time);
  }
  auto value = read_datetime(expr.text);
  if (!value) throw wrong;
  value->has_time = expr.name == "TIMESTAMP";
  return datetime_text(*value);
}

}  // namespace

std::string Emitter::condition(const Expr& expr) {
  if (expr.kind != ExprKind::kAnd && expr.kind != ExprKind::kOr) return as_condition(typed(expr));
  std::string text = expression(expr);
  return text.substr(1, text.size() - 2);
}

std::string Emitter::expression(const Expr& expr) {
  if (rollup_ != nullptr && is_rolled_up(expr)) return "NULL";
  switch (expr.kind) {
    case ExprKind::kNull:
    case ExprKind::kBoolean:
    case ExprKind::kInteger:
    case ExprKind::kDecimal:
    case ExprKind::kFloat:
    case ExprKind::kString:
    case ExprKind::kBytes:
    case ExprKind::kTemporal:
      return literal(expr);
    case ExprKind::kStar:
      return "*";
    case ExprKind::kDefault:
      return "NULL";
    case ExprKind::kColumn:
      return named(expr);
    case ExprKind::kVariable:
      uses_session_ = true;
      if (expr.args.empty()) return concat("my_variable(", quoted_text(lower_ascii(expr.name)), ")");
      return concat("my_set_variable(", quoted_text(lower_ascii(expr.name)), ", ", expression(*expr.args[0]), ")");
    case ExprKind::kSystemVariable: {
      uses_session_ = true;
      const std::string value = concat("my_system_variable(", quoted_text(expr.name), ")");
      return is_number(type_of(expr)) ? concat("my_integer(", value, ")") : value;
    }
    case ExprKind::kNegate:
      return concat("(- ", as_number(typed(*expr.args[0])), ")");
    case ExprKind::kPlus:
      return expression(*expr.args[0]);
    case ExprKind::kInvert:
      return concat("(~ my_integer(", as_number(typed(*expr.args[0])), "))");
    case ExprKind::kNot:
      return concat("(NOT ", as_condition(typed(*expr.args[0])), ")");
    case ExprKind::kBinary:
      return as_text(typed(*expr.args[0]));
    case ExprKind::kCollate:
      return as_text(typed(*expr.args[0]));
    case ExprKind::kArithmetic:
      return arithmetic(expr);
    case ExprKind::kAnd:
    case ExprKind::kOr: {
      std::vector<std::string> parts;
      for (const auto& arg : expr.args) parts.push_back(as_condition(typed(*arg)));
      return joined(parts, expr.kind == ExprKind::kAnd ? " AND " : " OR ");
    }
    case ExprKind::kXor: {
      std::string text;
      for (const auto& arg : expr.args) {
        const std::string part = concat("(", as_condition(typed(*arg)), " <> 0)");
        text = text.empty() ? part : concat("(", text, " <> ", part, ")");
      }
      return text;
    }
    case ExprKind::kCompare:
      return comparison(expr);
    case ExprKind::kQuantified:
      return quantified(expr);
    case ExprKind::kIsNull:
      return concat("(", expression(*expr.args[0]), expr.is_negated ? " IS NOT NULL)" : " IS NULL)");
    case ExprKind::kIsTrue:
      return is_true(expr);
    case ExprKind::kBetween:
      return negated(expr.is_negated, between(expr));
    case ExprKind::kLike:
      return negated(expr.is_negated, like(expr));
    case ExprKind::kRegexp: {
      const bool binary = type_of(*expr.args[0]).is_binary || type_of(*expr.args[1]).is_binary;
      return negated(expr.is_negated, concat(binary ? "my_regexp_binary(" : "my_regexp(", as_text(typed(*expr.args[0])),
                                             ", ", as_text(typed(*expr.args[1])), ")"));
    }
    case ExprKind::kInList:
      return negated(expr.is_negated, in_list(expr));
    case ExprKind::kInQuery:
      return negated(expr.is_negated, in_query(expr));
    case ExprKind::kExists:
      return concat("EXISTS (", query(resolution_.at(*expr.query)), ")");
    case ExprKind::kSubquery:
      return scalar_subquery(expr);
    case ExprKind::kRow:
      return concat("(", listed(expr.args, ", ", 0, expr.args.size()), ")");
    case ExprKind::kCase:
      return case_expression(expr);
    case ExprKind::kCast:
      return cast(expr);
    case ExprKind::kIntervalAdd:
      return concat("my_add_interval(", expression(*expr.args[0]), ", ", expression(*expr.args[1]), ", '", expr.unit,
                    expr.op == Op::kSubtract ? "', 1)" : "', 0)");
    case ExprKind::kFunction:
      return function(expr);
    case ExprKind::kAggregate:
      return aggregate(expr);
    case ExprKind::kWindow:
      return window(expr);
  }
  return "NULL";
}

std::string Emitter::named(const Expr& expr) {
  const Binding& binding = resolution_.at(expr);
  if (binding.item_block == nullptr) return column(binding.column);
  return item(binding.item_block->items[binding.item]);
}

std::string Emitter::literal(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kBoolean:
      return expr.text;
    case ExprKind::kInteger: {
      const std::size_t zeros = std::min(expr.text.find_first_not_of('0'), expr.text.size() - 1);
      return type_of(expr) == int_type() ? expr.text.substr(zeros) : concat(expr.text, ".0");
    }
    case ExprKind::kDecimal:
      return expr.text.front() == '.' ? "0" + expr.text : expr.text;
    case ExprKind::kFloat:
      return concat("CAST(", expr.text.front() == '.' ? "0" : "", expr.text, " AS REAL)");
    case ExprKind::kString:
      return quoted_text(expr.text);
    case ExprKind::kBytes:
      return quoted_text(expr.text);
    case ExprKind::kTemporal:
      return quoted_text(temporal_text(expr));
    default:
      return "NULL";
  }
}

std::string Emitter::listed(const std::vector<mysql::ExprPtr>& args, std::string_view between, std::size_t first,
                            std::size_t last) {
  std::string text;
  for (std::size_t i = first; i < last; ++i) text += concat(i == first ? "" : between, expression(*args[i]));
  return text;
}

// A sum or product of decimals is rounded once, at its outside.
std::string Emitter::arithmetic(const Expr& expr) {
  const std::string text = arithmetic_inside(expr);
  const Type& type = type_of(expr);
  if (type.base != BaseType::kDecimal || type.scale == 0 || !is_additive(expr.op)) return text;
  return concat("my_decimal(", text, ", ", std::to_string(type.scale), ")");
}

std::string Emitter::arithmetic_inside(const Expr& expr) {
  const auto side = [&](const Expr& operand) {
    const bool decimal_part = operand.kind == ExprKind::kArithmetic && is_additive(operand.op) && is_additive(expr.op);
    return decimal_part ? arithmetic_inside(operand) : as_number(typed(operand));
  };
  std::string left = side(*expr.args[0]);
  const std::string right = side(*expr.args[1]);
  const bool integers = type_of(*expr.args[0]).base == BaseType::kInt && type_of(*expr.args[1]).base == BaseType::kInt;
  const auto call = [&](std::string_view name) { return concat(name, "(", left, ", ", right, ")"); };
  switch (expr.op) {
    case Op::kDivide:
      return call("my_divide");
    case Op::kIntegerDivide:
      return integers ? concat("(", left, " / ", right, ")") : call("my_integer_divide");
    case Op::kModulo:
      return integers ? concat("(", left, " % ", right, ")") : call("my_modulo");
    case Op::kBitXor:
      return call("my_bit_xor");
    case Op::kShiftLeft:
      return call("my_shift_left");
    case Op::kShiftRight:
      return call("my_shift_right");
    case Op::kBitAnd:
    case Op::kBitOr:
      return concat("(my_integer(", left, ")", sign_of(expr.op), "my_integer(", right, "))");
    default:
      break;
  }
  // a + b + c without parentheses on the left: SQLite nests only so deep.
  const Expr& first = *expr.args[0];
  const bool same_level = first.kind == ExprKind::kArithmetic && is_additive(first.op) &&
                          (first.op == Op::kMultiply) == (expr.op == Op::kMultiply);
  if (same_level && left.front() == '(') left = left.substr(1, left.size() - 2);
  return concat("(", left, sign_of(expr.op), right, ")");
}

std::string Emitter::case_expression(const Expr& expr) {
  const Type& type = type_of(expr);
  std::string text = "CASE";
  std::size_t i = expr.is_simple ? 1 : 0;
  const std::size_t end = expr.args.size() - (expr.has_else ? 1 : 0);
  for (; i < end; i += 2) {
    const Expr& when = *expr.args[i];
    const std::string condition = expr.is_simple ? compare(Op::kEqual, *expr.args[0], when) : as_condition(typed(when));
    text += concat(" WHEN ", condition, " THEN ", as_type(typed(*expr.args[i + 1]), type));
  }
  if (expr.has_else) text += concat(" ELSE ", as_type(typed(*expr.args.back()), type));
  return concat("(", text, " END)");
}

std::string Emitter::cast(const Expr& expr) {
  const Typed value = typed(*expr.args[0]);
  const Type& type = type_of(expr);
  const std::string digits = std::to_string(std::max(type.scale, 0));
  switch (type.base) {
    case BaseType::kInt:
    case BaseType::kYear: {
      const std::string number = is_temporal(value.type) ? as_number(value) : value.sql;
      return concat(type.is_unsigned ? "my_unsigned(" : "my_integer(", number, ")");
    }
    case BaseType::kDecimal:
      return concat("my_decimal(", as_number(value), ", ", digits, ")");
    case BaseType::kDouble:
      return concat("CAST(", as_number(value), " AS REAL)");
    case BaseType::kFloat:
      return concat("my_float(", as_number(value), ")");
    case BaseType::kDate:
      return concat("my_date(", value.sql, ")");
    case BaseType::kDatetime:
      return concat("my_datetime(", value.sql, ", ", digits, ")");
    case BaseType::kTime:
      return concat("my_time(", value.sql, ", ", digits, ")");
    default:
      if (type.length < 0) return as_text(value);
      return concat("my_left(", as_text(value), ", ", std::to_string(type.length), ")");
  }
}

std::string Emitter::like(const Expr& expr) {
  const bool binary = type_of(*expr.args[0]).is_binary || type_of(*expr.args[1]).is_binary;
  std::string text = binary ? "my_like_binary(" : "my_like(";
  for (std::size_t i = 0; i < expr.args.size(); ++i) text += concat(i == 0 ? "" : ", ", as_text(typed(*expr.args[i])));
  return text + ")";
}

std::string Emitter::is_true(const Expr& expr) {
  const std::string value = as_condition(typed(*expr.args[0]));
  const std::string_view what = expr.op == Op::kTrue ? "TRUE)" : expr.op == Op::kFalse ? "FALSE)" : "NULL)";
  return concat("(", value, expr.is_negated ? " IS NOT " : " IS ", what);
}

std::string Emitter::scalar_subquery(const Expr& expr) {
  const BoundQuery& inside = resolution_.at(*expr.query);
  const std::string text = query(inside);
  const mysql::Query& query = *expr.query;
  const bool one_row =
      (query.limit && query.limit->count <= 1) ||
      (query.select && (query.select->from.empty() || (inside.block->is_aggregated && inside.block->group_by.empty())));
  if (one_row || inside.columns.size() > 1) return concat("(", text, ")");
  return concat("(SELECT my_only_row(\"c1\") FROM (", text, "))");
}

}  // namespace intercodesql
