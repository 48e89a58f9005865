// Calls, aggregates and windows.
#include <algorithm>
#include <utility>

#include "emit/emitter.h"
#include "engine/text.h"
#include "resolve/errors.h"
#include "resolve/types.h"
#include "resolve/walk.h"

namespace intercodesql {

using mysql::Expr;
using mysql::ExprKind;
using mysql::FrameBound;
using mysql::Op;

// An argument of an aggregate or a plain function, by its rule.
std::string Emitter::argument(const Expr& expr, ArgumentRule rule, const Type& common) {
  const Typed value = typed(expr);
  switch (rule) {
    case ArgumentRule::kText:
      return value.type.base == BaseType::kInt ? value.sql : as_text(value);
    case ArgumentRule::kNumber:
      return as_number(value);
    case ArgumentRule::kCommon:
      return as_type(value, common);
    case ArgumentRule::kPlain:
    case ArgumentRule::kTemporal:
      break;
  }
  return value.sql;
}

std::string Emitter::function(const Expr& expr) {
  if (expr.name == "VALUES") {
    if (!in_upsert_) return "NULL";
    return concat("excluded.", expression(*expr.args[0]));
  }
  if (expr.name == "DEFAULT") return "NULL";
  if (expr.name == "GROUPING") return "0";
  const FunctionInfo& info = *find_function(expr.name);
  uses_session_ = uses_session_ || info.uses_session;
  if (info.sqlite.empty()) return special_function(expr);
  std::string text = concat(info.sqlite, "(");
  const bool is_clock =
      info.uses_session && expr.name != "RAND" && expr.name != "UNIX_TIMESTAMP" && expr.name != "LAST_INSERT_ID";
  for (std::size_t i = 0; i < expr.args.size() && !is_clock; ++i) {
    text += concat(i == 0 ? "" : ", ", argument(*expr.args[i], info.arguments, type_of(expr)));
  }
  if (expr.name == "DATE") return concat("my_date(", expression(*expr.args[0]), ")");
  return text + ")";
}

std::string Emitter::special_function(const Expr& expr) {
  const std::string& name = expr.name;
  const auto& args = expr.args;
  const Type& type = type_of(expr);
  const auto raw = [&](std::size_t i) { return expression(*args[i]); };
  const auto number = [&](std::size_t i) { return as_number(typed(*args[i])); };
  const auto text = [&](std::size_t i) { return argument(*args[i], ArgumentRule::kText, type); };
  const auto common = [&](std::size_t i) { return as_type(typed(*args[i]), type); };
  if (name == "ANY_VALUE") return raw(0);
  if (name == "CHARSET") return is_text(type_of(*args[0])) ? "'utf8mb4'" : "'binary'";
  if (name == "COLLATION") return is_text(type_of(*args[0])) ? "'utf8mb4_general_ci'" : "'binary'";
  if (name == "COALESCE" || name == "IFNULL") {
    if (args.size() == 1) return raw(0);
    std::string list;
    for (std::size_t i = 0; i < args.size(); ++i) list += (i == 0 ? "" : ", ") + common(i);
    return concat("coalesce(", list, ")");
  }
  if (name == "EXTRACT") return concat("my_extract('", expr.unit, "', ", raw(0), ")");
  if (name == "FROM_UNIXTIME") {
    const std::string moment = concat("my_from_unixtime(", number(0), ")");
    return args.size() == 1 ? moment : concat("my_date_format(", moment, ", ", raw(1), ")");
  }
  if (name == "GREATEST" || name == "LEAST") {
    std::string list;
    for (std::size_t i = 0; i < args.size(); ++i) {
      list += concat(i == 0 ? "" : ", ", i == 0 ? collated({common(i), type}) : common(i));
    }
    return concat(name == "LEAST" ? "min(" : "max(", list, ")");
  }
  if (name == "IF") {
    return concat("(CASE WHEN ", as_condition(typed(*args[0])), " THEN ", common(1), " ELSE ", common(2), " END)");
  }
  if (name == "INSTR") return concat("my_locate(", text(1), ", ", text(0), ")");
  if (name == "INTERVAL") {
    std::string cases = concat("(CASE WHEN ", number(0), " IS NULL THEN -1");
    for (std::size_t i = 1; i < args.size(); ++i) {
      cases += concat(" WHEN ", number(0), " < ", number(i), " THEN ", std::to_string(i - 1));
    }
    return concat(cases, " ELSE ", std::to_string(args.size() - 1), " END)");
  }
  if (name == "ISNULL") return concat("(", raw(0), " IS NULL)");
  if (name == "MOD") {
    const bool integers = type.base == BaseType::kInt;
    return integers ? concat("(", number(0), " % ", number(1), ")")
                    : concat("my_modulo(", number(0), ", ", number(1), ")");
  }
  if (name == "NULLIF") {
    return concat("(CASE WHEN ", compare(Op::kEqual, *args[0], *args[1]), " THEN NULL ELSE ", raw(0), " END)");
  }
  if (name == "REGEXP_LIKE") {
    return concat("my_regexp(", text(0), ", ", text(1), args.size() > 2 ? ", " + text(2) : "", ")");
  }
  if (name == "ROUND") {
    const std::string places = args.size() > 1 ? concat(", ", number(1)) : "";
    const bool is_double = type.base == BaseType::kDouble;
    return concat(is_double ? "my_round_double(" : "my_round_decimal(", number(0), places, ")");
  }
  if (name == "TIME") return concat("my_time(", raw(0), ", 0)");
  if (name == "TIMESTAMP") {
    const std::string moment = concat("my_datetime(", raw(0), ", 0)");
    return args.size() == 1 ? moment : concat("my_add_time(", moment, ", ", raw(1), ")");
  }
  if (name == "TIMESTAMPADD") {
    return concat("my_add_interval(", raw(1), ", ", raw(0), ", '", expr.unit, "', 0)");
  }
  if (name == "TIMESTAMPDIFF") return concat("my_timestamp_diff('", expr.unit, "', ", raw(0), ", ", raw(1), ")");
  if (name == "TRIM") {
    const std::string_view trim = expr.unit == "LEADING"    ? "my_ltrim("
                                  : expr.unit == "TRAILING" ? "my_rtrim("
                                                            : "my_trim(";
    return concat(trim, text(0), args.size() > 1 ? concat(", ", text(1)) : std::string(), ")");
  }
  if (name == "WEEKOFYEAR") return concat("my_week(", raw(0), ", 3)");
  // WEEK, YEARWEEK
  return concat(name == "WEEK" ? "my_week(" : "my_yearweek(", raw(0), ", ", args.size() > 1 ? number(1) : "0", ")");
}

// --- aggregates

// SQLite gathers an aggregate's rows where its columns are from; an own column that changes nothing keeps it here.
Typed Emitter::gathered(const Expr& aggregate, const Expr& argument) {
  Typed value = typed(argument);
  const BoundBlock* block = resolution_.at(aggregate).aggregate_block;
  if (block == nullptr || block->sources.empty()) return value;
  const Reach reach = reach_of(resolution_, argument, *block);
  if (!reach.outer || reach.own) return value;
  const std::string own = column({block->sources.front(), 0});
  value.sql = concat("CASE WHEN coalesce(", own, ", 1) IS NULL THEN NULL ELSE ", value.sql, " END");
  return value;
}

// What it gathers are rows, in which no key is rolled up.
std::string Emitter::aggregate(const Expr& expr) {
  const BoundBlock* outside = std::exchange(rollup_, nullptr);
  std::string text = aggregate_of_rows(expr);
  rollup_ = outside;
  return text;
}

std::string Emitter::aggregate_of_rows(const Expr& expr) {
  const std::string& name = expr.name;
  const Expr& first = *expr.args[0];
  const BoundBlock* gathering = resolution_.at(expr).aggregate_block;
  if (gathering != nullptr && !blocks_.empty() && gathering != blocks_.back()) {
    throw errors::not_supported("aggregate of an outer query in a subquery");
  }
  if (name == "COUNT") {
    if (first.kind == ExprKind::kStar) return "count(*)";
    if (!expr.is_distinct) return concat("count(", gathered(expr, first).sql, ")");
    if (expr.args.size() == 1) return concat("count(DISTINCT ", collated(gathered(expr, first)), ")");
    std::string list;
    for (const auto& arg : expr.args) list += (list.empty() ? "" : ", ") + gathered(expr, *arg).sql;
    return concat("my_count_distinct(", list, ")");
  }
  if (name == "SUM" || name == "AVG") return sum_or_average(expr);
  if (name == "MIN" || name == "MAX") {
    return concat(name == "MIN" ? "min(" : "max(", collated(gathered(expr, first)), ")");
  }
  if (name == "GROUP_CONCAT") return group_concat(expr);
  const std::string value = as_number(gathered(expr, first));
  if (name.starts_with("BIT_")) {
    return concat(name == "BIT_AND"  ? "my_bit_and_all("
                  : name == "BIT_OR" ? "my_bit_or_all("
                                     : "my_bit_xor_all(",
                  "my_integer(", value, "))");
  }
  const std::string_view function = name == "VAR_SAMP"                        ? "my_var_samp("
                                    : name == "STDDEV_SAMP"                   ? "my_stddev_samp("
                                    : name == "VARIANCE" || name == "VAR_POP" ? "my_var_pop("
                                                                              : "my_stddev_pop(";
  return concat(function, value, ")");
}

std::string Emitter::sum_or_average(const Expr& expr) {
  const Expr& argument = *expr.args[0];
  const Type number = number_type(type_of(argument));
  const bool exact = number.base != BaseType::kDouble;
  const std::string scale = exact ? concat(", ", std::to_string(std::max(number.scale, 0))) : "";
  return concat(expr.name == "SUM" ? "my_sum_" : "my_avg_", exact ? "decimal" : "double",
                expr.is_distinct ? "_distinct(" : "(", as_number(gathered(expr, argument)), scale, ")");
}

std::string Emitter::group_concat(const Expr& expr) {
  std::string directions;
  std::string keys;
  for (const auto& item : expr.order_by) {
    directions += item.descending ? 'd' : 'a';
    const Expr* key = item.expr.get();
    if (key->kind == ExprKind::kInteger) {  // a position among the arguments
      const std::size_t position = std::strtoul(key->text.c_str(), nullptr, 10);
      if (position == 0 || position > expr.args.size()) throw errors::unknown_column(key->text, "order clause");
      key = expr.args[position - 1].get();
    }
    keys += ", " + expression(*key);
  }
  std::string value;
  for (const auto& arg : expr.args) value += (value.empty() ? "" : ", ") + as_text(gathered(expr, *arg));
  if (expr.args.size() > 1) value = concat("my_concat(", value, ")");
  return concat("my_group_concat(", quoted_text(expr.text), expr.is_distinct ? ", 1, '" : ", 0, '", directions, "', ",
                value, keys, ")");
}

// --- windows

std::string Emitter::sorted(const Expr& expr, bool descending) {
  return collated(typed(expr)) + (descending ? " DESC" : "");
}

std::string Emitter::window(const Expr& expr) {
  if (expr.is_distinct) throw errors::not_supported("<window function>(DISTINCT ..)");
  const std::string& name = expr.name;
  const bool is_ranking = name == "ROW_NUMBER" || name == "RANK" || name == "DENSE_RANK" || name == "CUME_DIST" ||
                          name == "PERCENT_RANK" || name == "NTILE" || name == "LEAD" || name == "LAG" ||
                          name.ends_with("_VALUE");
  if (!is_ranking && (name == "GROUP_CONCAT" || name.starts_with("BIT_"))) throw errors::not_supported(name + " OVER");
  std::string call;
  if (is_ranking) {
    call = lower_ascii(name) + "(";
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      const bool is_value = i == 0 || i == 2;
      call += concat(i == 0 ? "" : ", ",
                     is_value ? as_type(typed(*expr.args[i]), type_of(expr)) : expression(*expr.args[i]));
    }
    call += ")";
  } else {
    call = aggregate(expr);
  }
  return concat("(", call, " OVER (", window_definition(expr), "))");
}

std::string Emitter::window_definition(const Expr& expr) {
  const mysql::Window* window = expr.window.get();
  std::vector<const mysql::Window*> parts;
  if (!window->base.empty()) {
    const BoundBlock* block = resolution_.at(expr).window_block;
    for (const auto& named : block->select->windows) {
      if (equal_ignoring_case(named.name, window->base)) parts.push_back(&named.window);
    }
  }
  parts.push_back(window);
  std::string partition;
  std::string order;
  std::string frame;
  const auto bound_text = [&](const FrameBound& bound) -> std::string {
    switch (bound.kind) {
      case FrameBound::Kind::kUnboundedPreceding:
        return "UNBOUNDED PRECEDING";
      case FrameBound::Kind::kUnboundedFollowing:
        return "UNBOUNDED FOLLOWING";
      case FrameBound::Kind::kCurrentRow:
        return "CURRENT ROW";
      default:
        break;
    }
    if (bound.distance->kind != ExprKind::kInteger) throw errors::not_supported("RANGE frame with this distance");
    return concat(bound.distance->text, bound.kind == FrameBound::Kind::kPreceding ? " PRECEDING" : " FOLLOWING");
  };
  for (const mysql::Window* part : parts) {
    for (const auto& key : part->partition_by) {
      partition += concat(partition.empty() ? "PARTITION BY " : ", ", sorted(*key, /*descending=*/false));
    }
    for (const auto& key : part->order_by) {
      order += concat(order.empty() ? " ORDER BY " : ", ", sorted(*key.expr, key.descending));
    }
    if (part->has_frame) {
      frame = concat(part->by_rows ? " ROWS BETWEEN " : " RANGE BETWEEN ", bound_text(part->frame_start), " AND ",
                     bound_text(part->frame_end));
    }
  }
  return partition + order + frame;
}

}  // namespace intercodesql
