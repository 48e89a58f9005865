// Functions, aggregates and windows.
#include <algorithm>
#include <charconv>

#include "resolve/errors.h"
#include "resolve/functions.h"
#include "resolve/resolver.h"
#include "resolve/types.h"

namespace intercodesql {

using mysql::Expr;
using mysql::ExprKind;

namespace {

// The number an expression certainly has, for the decimals of ROUND.
std::optional<int> constant_integer(const Expr& expr) {
  if (expr.kind == ExprKind::kNegate && expr.args[0]->kind == ExprKind::kInteger) {
    const auto value = constant_integer(*expr.args[0]);
    return value ? std::optional<int>(-*value) : std::nullopt;
  }
  if (expr.kind != ExprKind::kInteger) return std::nullopt;
  int value = 0;
  const auto result = std::from_chars(expr.text.data(), expr.text.data() + expr.text.size(), value);
  return result.ec == std::errc() ? std::optional<int>(value) : std::nullopt;
}

Type clock_type(const std::string& format) {
  const bool has_date = format.find_first_of("YymcdeDbMajUu") != std::string::npos;
  const bool has_time = format.find_first_of("HhIklisfSrTp") != std::string::npos;
  if (has_time)
    return datetime_type(has_date ? BaseType::kDatetime : BaseType::kTime,
                         format.find("%f") != std::string::npos ? 6 : 0);
  return datetime_type(BaseType::kDate);
}

}  // namespace

Type Resolver::function(Block& block, const Expr& expr) {
  const FunctionInfo* info = expr.database.empty() ? find_function(expr.name) : nullptr;
  const bool is_special = expr.name == "VALUES" || expr.name == "DEFAULT" || expr.name == "GROUPING";
  if (info == nullptr && !is_special) {
    if (expr.text.empty()) throw errors::not_supported(expr.name);  // a keyword of MySQL's: MATCH, GET_FORMAT, ->
    const std::string& database = expr.database.empty() ? database_ : expr.database;
    throw errors::no_function(database, expr.text, !expr.database.empty() && find_function(expr.name) != nullptr);
  }
  const std::vector<Type> types = all(block, expr.args);
  if (info == nullptr) return expr.name == "GROUPING" ? int_type() : types.at(0);
  switch (info->result) {
    case ResultRule::kInt:
      return int_type();
    case ResultRule::kUnsigned:
      return unsigned_type();
    case ResultRule::kDouble:
      return double_type();
    case ResultRule::kText:
      return text_type();
    case ResultRule::kDate:
      return datetime_type(BaseType::kDate);
    case ResultRule::kDatetime:
      if (expr.name == "FROM_UNIXTIME" && types.size() == 2) return text_type();
      return datetime_type(BaseType::kDatetime);
    case ResultRule::kTime:
      return datetime_type(BaseType::kTime);
    case ResultRule::kYear:
      return {BaseType::kYear, 4};
    case ResultRule::kFirst:
      if (expr.name == "TIMESTAMPADD") return is_temporal(types[1]) ? types[1] : text_type();
      return types[0];
    case ResultRule::kRounded: {
      const Type number = number_type(types[0]);
      if (types.size() < 2) return rounded_type(number, 0);
      const auto decimals = constant_integer(*expr.args[1]);
      return decimals ? rounded_type(number, std::min(*decimals, 30)) : number;
    }
    case ResultRule::kWhole: {
      const Type number = number_type(types[0]);
      return number.base == BaseType::kDouble ? double_type(number.scale < 0 ? -1 : 0) : int_type();
    }
    case ResultRule::kCommon:
      return common_type(types);
    case ResultRule::kCommonFrom2:
      return common_type({types.begin() + 1, types.end()});
    case ResultRule::kNumber:
      return number_type(types[0]);
    case ResultRule::kModulo:
      return arithmetic_type(mysql::Op::kModulo, types[0], types[1]);
    case ResultRule::kClock:
      return expr.args[1]->kind == ExprKind::kString ? clock_type(expr.args[1]->text)
                                                     : datetime_type(BaseType::kDatetime, 6);
  }
  return {};
}

Type Resolver::aggregate_type(const Expr& expr) const {
  const std::string& name = expr.name;
  if (name == "COUNT") return int_type();
  const Type argument = type_of(*expr.args[0]);
  if (name == "SUM") return sum_type(argument);
  if (name == "AVG") return average_type(argument);
  if (name == "MIN" || name == "MAX") return argument;
  if (name == "GROUP_CONCAT") return text_type();
  return name.starts_with("BIT_") ? unsigned_type() : double_type();
}

Type Resolver::aggregate(Block& block, const Expr& expr) {
  if (expr.name.starts_with("JSON_")) throw errors::not_supported(expr.name);
  if (aggregates_allowed_ == 0) throw errors::invalid_group_function();
  open_aggregates_.push_back({block.level});
  for (const auto& arg : expr.args) one_column(block, *arg);
  for (const auto& item : expr.order_by) one_column(block, *item.expr);
  const Aggregate done = open_aggregates_.back();
  open_aggregates_.pop_back();

  // It gathers the rows of the innermost block whose columns it has.
  const auto allowed = [this](int level) { return (aggregates_allowed_ >> level & 1) != 0; };
  int level = done.highest_argument < 0 ? block.level : done.highest_argument;
  if (level < block.level && !allowed(level)) level = block.level;
  if (!allowed(level) || done.highest_aggregate >= level) throw errors::invalid_group_function();
  for (Aggregate& open : open_aggregates_) open.highest_aggregate = std::max(open.highest_aggregate, level);
  for (const auto& arg : expr.args) {
    if (binding(*arg).has_window) throw errors::window_in_wrong_place(expr.name);
  }

  Block* gathering = &block;
  while (gathering->level > level) gathering = gathering->outer;
  gathering->bound->is_aggregated = true;
  Binding& bound = binding(expr);
  bound.aggregate_block = gathering->bound;
  bound.has_aggregate = true;
  return aggregate_type(expr);
}

Type Resolver::window(Block& block, const Expr& expr) {
  // A changing statement's values and order are no SELECT's.
  const bool in_select = block.bound->select != nullptr;
  const bool in_place = in_select && (block.place == Place::kItems || block.place == Place::kOrder);
  if (!in_place) throw errors::window_in_wrong_place(expr.name);
  for (const auto& arg : expr.args) one_column(block, *arg);
  const std::vector<mysql::NamedWindow>& named = block.bound->select->windows;
  if (!expr.window->base.empty()) {
    const auto same = [&](const mysql::NamedWindow& candidate) {
      return equal_ignoring_case(candidate.name, expr.window->base);
    };
    const auto found = std::find_if(named.begin(), named.end(), same);
    if (found == named.end()) throw errors::unknown_window(expr.window->base);
    for (const auto& part : found->window.partition_by) one_column(block, *part);
    for (const auto& item : found->window.order_by) one_column(block, *item.expr);
  }
  clause_ = "window partition by";
  for (const auto& part : expr.window->partition_by) one_column(block, *part);
  clause_ = "window order by";
  for (const auto& item : expr.window->order_by) one_column(block, *item.expr);
  clause_ = "field list";
  binding(expr).has_window = true;
  binding(expr).window_block = block.bound;

  const std::string& name = expr.name;
  if (name == "CUME_DIST" || name == "PERCENT_RANK") return double_type();
  if (name.ends_with("_VALUE")) return type_of(*expr.args[0]);
  if (name == "LEAD" || name == "LAG") {
    std::vector<Type> types = {type_of(*expr.args[0])};
    if (expr.args.size() > 2) types.push_back(type_of(*expr.args[2]));
    return common_type(types);
  }
  const bool ranks = name == "ROW_NUMBER" || name == "RANK" || name == "DENSE_RANK" || name == "NTILE";
  return ranks ? unsigned_type() : aggregate_type(expr);
}

}  // namespace intercodesql
