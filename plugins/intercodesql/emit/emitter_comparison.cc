// =, <, BETWEEN, IN, ANY and ALL: two values made comparable as MySQL compares their types.
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

std::string_view sign_of(Op op) {
  switch (op) {
    case Op::kEqual:
      return " = ";
    case Op::kNullSafeEqual:
      return " IS ";
    case Op::kNotEqual:
      return " <> ";
    case Op::kLess:
      return " < ";
    case Op::kLessEqual:
      return " <= ";
    case Op::kGreater:
      return " > ";
    default:
      return " >= ";
  }
}

bool is_datetime(const Type& type) {
  return type.base == BaseType::kDatetime || type.base == BaseType::kTimestamp;
}

// A text literal beside a date: as that date, so that it need not be read again for every row.
std::optional<std::string> folded(const Expr* literal, const Type& beside) {
  if (literal == nullptr || literal->kind != ExprKind::kString || !is_temporal(beside)) return std::nullopt;
  if (beside.base == BaseType::kTime) return std::nullopt;
  auto value = read_datetime(literal->text);
  if (!value) {
    throw MysqlError{1525, concat("Incorrect ", beside.base == BaseType::kDate ? "DATE" : "DATETIME", " value: '",
                                  literal->text, "'")};
  }
  const bool fits_date = value->hour == 0 && value->minute == 0 && value->second == 0 && value->micro == 0;
  if (beside.base == BaseType::kDate && !fits_date) return std::nullopt;
  if (value->micro != 0 || beside.scale > 0) return std::nullopt;
  value->has_time = beside.base != BaseType::kDate;
  return quoted_text(datetime_text(*value));
}

bool is_number_literal(const Expr* expr) {
  if (expr == nullptr) return false;
  if (expr->kind == ExprKind::kNegate) return is_number_literal(expr->args[0].get());
  return expr->kind == ExprKind::kInteger || expr->kind == ExprKind::kDecimal || expr->kind == ExprKind::kFloat;
}

// A number beside a FLOAT column is one of single precision too: `x = 45.9` finds what was stored as 45.9.
std::string beside_float(const Typed& value, const Expr* expr, const Type& beside) {
  const std::string number = as_number(value);
  return beside.base == BaseType::kFloat && is_number_literal(expr) ? concat("my_float(", number, ")") : number;
}

std::string as_moment(const Typed& value, bool as_time) {
  return concat(as_time ? "my_time(" : "my_datetime(", value.sql, ", 6)");
}

}  // namespace

// Both sides ready for SQLite's operators; the left one carries the collation.
std::pair<std::string, std::string> Emitter::comparable(const Expr* left_expr, const Typed& left,
                                                        const Expr* right_expr, const Typed& right) {
  switch (comparison_of(left.type, right.type)) {
    case Comparison::kNumbers:
      return {beside_float(left, left_expr, right.type), beside_float(right, right_expr, left.type)};
    case Comparison::kTexts: {
      Typed first = left;
      if (!is_text(first.type)) first.type = text_type();
      first.type.is_binary = left.type.is_binary || right.type.is_binary;
      return {collated(first), right.sql};
    }
    case Comparison::kTemporal:
      break;
  }
  if (left.type.base == BaseType::kNull || right.type.base == BaseType::kNull) return {left.sql, right.sql};
  const bool same = left.type.base == right.type.base || (is_datetime(left.type) && is_datetime(right.type));
  if (same && std::max(left.type.scale, 0) == std::max(right.type.scale, 0)) return {left.sql, right.sql};
  if (const auto text = folded(right_expr, left.type)) return {left.sql, *text};
  if (const auto text = folded(left_expr, right.type)) return {*text, right.sql};
  const bool times = (left.type.base == BaseType::kTime || is_text(left.type)) &&
                     (right.type.base == BaseType::kTime || is_text(right.type));
  return {as_moment(left, times), as_moment(right, times)};
}

std::string Emitter::compare(Op op, const Expr& left, const Expr& right) {
  const auto [a, b] = comparable(&left, typed(left), &right, typed(right));
  return concat("(", a, sign_of(op), b, ")");
}

std::string Emitter::comparison(const Expr& expr) {
  const Expr& left = *expr.args[0];
  const Expr& right = *expr.args[1];
  const auto is_row = [this](const Expr& side) {
    return side.kind == ExprKind::kRow ||
           (side.kind == ExprKind::kSubquery && resolution_.at(*side.query).columns.size() > 1);
  };
  return is_row(left) ? compare_rows(expr.op, left, right) : compare(expr.op, left, right);
}

std::string Emitter::compare_rows(Op op, const Expr& left, const Expr& right) {
  if (left.kind != ExprKind::kRow || right.kind != ExprKind::kRow) {
    return concat("(", expression(left), sign_of(op), expression(right), ")");
  }
  std::string lefts;
  std::string rights;
  for (std::size_t i = 0; i < left.args.size(); ++i) {
    const Expr& a = *left.args[i];
    const Expr& b = *right.args[i];
    const auto [a_sql, b_sql] = comparable(&a, typed(a), &b, typed(b));
    lefts += (i == 0 ? "" : ", ") + a_sql;
    rights += (i == 0 ? "" : ", ") + b_sql;
  }
  return concat("((", lefts, ")", sign_of(op), "(", rights, "))");
}

std::string Emitter::between(const Expr& expr) {
  const Typed value = typed(*expr.args[0]);
  const auto low = comparable(expr.args[0].get(), value, expr.args[1].get(), typed(*expr.args[1]));
  const auto high = comparable(expr.args[0].get(), value, expr.args[2].get(), typed(*expr.args[2]));
  if (low.first == high.first) return concat("(", low.first, " BETWEEN ", low.second, " AND ", high.second, ")");
  return concat("(", low.first, " >= ", low.second, " AND ", high.first, " <= ", high.second, ")");
}

std::string Emitter::in_list(const Expr& expr) {
  const Expr& value = *expr.args[0];
  std::vector<std::string> comparisons;
  if (value.kind == ExprKind::kRow) {
    for (std::size_t i = 1; i < expr.args.size(); ++i) {
      comparisons.push_back(compare_rows(Op::kEqual, value, *expr.args[i]));
    }
    return joined(comparisons, " OR ");
  }
  const Typed left = typed(value);
  std::string common;
  std::string list;
  bool uniform = true;
  for (std::size_t i = 1; i < expr.args.size(); ++i) {
    const auto [a, b] = comparable(&value, left, expr.args[i].get(), typed(*expr.args[i]));
    if (i == 1) common = a;
    uniform = uniform && a == common;
    list += concat(i == 1 ? "" : ", ", b);
    comparisons.push_back(concat("(", a, " = ", b, ")"));
  }
  return uniform ? concat("(", common, " IN (", list, "))") : joined(comparisons, " OR ");
}

std::string Emitter::in_query(const Expr& expr) {
  const BoundQuery& inside = resolution_.at(*expr.query);
  const Expr& value = *expr.args[0];
  const bool is_row = value.kind == ExprKind::kRow;
  std::string lefts;
  std::string columns;
  bool converts = false;
  for (std::size_t i = 0; i < inside.columns.size(); ++i) {
    const Expr& part = is_row ? *value.args[i] : value;
    const std::string name = concat("\"c", std::to_string(i + 1), "\"");
    const auto [a, b] = comparable(&part, typed(part), nullptr, {name, inside.columns[i].type});
    lefts += (i == 0 ? "" : ", ") + a;
    columns += (i == 0 ? "" : ", ") + b;
    converts = converts || b != name;
  }
  if (is_row) lefts = concat("(", lefts, ")");
  std::string text = query(inside);
  if (converts) text = concat("SELECT ", columns, " FROM (", text, ")");
  return concat("(", lefts, " IN (", text, "))");
}

// ANY: true if one comparison is; else unknown if one is; else false. ALL the other way round.
std::string Emitter::quantified(const Expr& expr) {
  const BoundQuery& inside = resolution_.at(*expr.query);
  const Expr& value = *expr.args[0];
  const auto [a, b] = comparable(&value, typed(value), nullptr, {"\"c1\"", inside.columns[0].type});
  const std::string comparison = concat("(", a, sign_of(expr.op), b, ")");
  const std::string rows = concat("EXISTS (SELECT 1 FROM (", query(inside), ") WHERE ");
  const std::string deciding = concat(rows, expr.is_all ? "NOT " : "", comparison, ")");
  const std::string unknown = concat(rows, comparison, " IS NULL)");
  return concat("(CASE WHEN ", deciding, expr.is_all ? " THEN 0" : " THEN 1", " WHEN ", unknown, " THEN NULL ELSE ",
                expr.is_all ? "1" : "0", " END)");
}

}  // namespace intercodesql
