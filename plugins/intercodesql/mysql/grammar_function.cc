// Calls: the functions with a grammar of their own, those whose names are keywords, and all others.
#include "mysql/grammar.h"

#include <algorithm>
#include <limits>

namespace intercodesql::mysql {
namespace {

// Keywords that are functions of plain arguments; another count of them is a syntax error, as in MySQL's grammar.
struct FixedFunction {
  Word word;
  int least;
  int most;
};
constexpr int kAny = std::numeric_limits<int>::max();
constexpr FixedFunction kFixed[] = {
    {"ASCII", 1, 1},        {"CHARSET", 1, 1},     {"COALESCE", 1, kAny}, {"COLLATION", 1, 1},   {"DATABASE", 0, 0},
    {"DATE", 1, 1},         {"DAY", 1, 1},         {"FORMAT", 2, 3},      {"HOUR", 1, 1},        {"IF", 3, 3},
    {"INSERT", 4, 4},       {"INTERVAL", 2, kAny}, {"LEFT", 2, 2},        {"MICROSECOND", 1, 1}, {"MINUTE", 1, 1},
    {"MOD", 2, 2},          {"MONTH", 1, 1},       {"QUARTER", 1, 1},     {"REPEAT", 2, 2},      {"REPLACE", 3, 3},
    {"REVERSE", 1, 1},      {"RIGHT", 2, 2},       {"ROW_COUNT", 0, 0},   {"SCHEMA", 0, 0},      {"SECOND", 1, 1},
    {"SESSION_USER", 0, 0}, {"SYSTEM_USER", 0, 0}, {"TIME", 1, 1},        {"TIMESTAMP", 1, 2},   {"TRUNCATE", 2, 2},
    {"USER", 0, 0},         {"WEEK", 1, 2},        {"YEAR", 1, 1},        {"GROUPING", 1, kAny},
};

constexpr Word kAggregates[] = {"AVG",           "BIT_AND", "BIT_OR",   "BIT_XOR", "COUNT",    "GROUP_CONCAT",
                                "JSON_ARRAYAGG", "MAX",     "MIN",      "STD",     "STDDEV",   "STDDEV_POP",
                                "STDDEV_SAMP",   "SUM",     "VARIANCE", "VAR_POP", "VAR_SAMP", "JSON_OBJECTAGG"};

constexpr Word kRankings[] = {"ROW_NUMBER", "RANK", "DENSE_RANK",  "CUME_DIST",  "PERCENT_RANK", "NTILE",
                              "LEAD",       "LAG",  "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"};

// These stand without parentheses too.
constexpr Word kClocks[] = {"CURRENT_DATE",   "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "LOCALTIME",
                            "LOCALTIMESTAMP", "UTC_DATE",     "UTC_TIME",          "UTC_TIMESTAMP"};
constexpr Word kCalledClocks[] = {"NOW", "CURDATE", "CURTIME", "SYSDATE"};

constexpr Word kSpecial[] = {"CAST",    "CONVERT",    "DATE_ADD",  "DATE_SUB",     "ADDDATE",       "SUBDATE",
                             "EXTRACT", "POSITION",   "SUBSTRING", "SUBSTR",       "MID",           "TRIM",
                             "CHAR",    "GET_FORMAT", "VALUES",    "TIMESTAMPADD", "TIMESTAMPDIFF", "DEFAULT"};

constexpr Word kUnits[] = {"MICROSECOND",
                           "SECOND",
                           "MINUTE",
                           "HOUR",
                           "DAY",
                           "WEEK",
                           "MONTH",
                           "QUARTER",
                           "YEAR",
                           "SECOND_MICROSECOND",
                           "MINUTE_MICROSECOND",
                           "MINUTE_SECOND",
                           "HOUR_MICROSECOND",
                           "HOUR_SECOND",
                           "HOUR_MINUTE",
                           "DAY_MICROSECOND",
                           "DAY_SECOND",
                           "DAY_MINUTE",
                           "DAY_HOUR",
                           "YEAR_MONTH"};

template <std::size_t N>
bool among(const Word (&words)[N], const Token& token) {
  return token.kind == TokenKind::kName && token.word.is_keyword() &&
         std::find(std::begin(words), std::end(words), token.word) != std::end(words);
}

const FixedFunction* fixed_function_of(const Token& token) {
  if (token.kind != TokenKind::kName || !token.word.is_keyword()) return nullptr;
  const auto* found = std::find_if(std::begin(kFixed), std::end(kFixed),
                                   [&](const FixedFunction& candidate) { return candidate.word == token.word; });
  return found == std::end(kFixed) ? nullptr : found;
}

std::string upper_ascii(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
  return text;
}

}  // namespace

bool Grammar::at_function() const {
  if (among(kClocks, token())) return true;
  // A reserved word that can only be a function is one; the error, if any, is at what follows it.
  const bool reserved = token().word.is_keyword() && token().word.word_class() == WordClass::kReserved;
  if (reserved && (among(kRankings, token()) || among(kSpecial, token()) || fixed_function_of(token()))) return true;
  if (at_sign("(", 1)) return true;
  return at_sign(".", 1) && at_sign("(", 3) && (token(2).kind == TokenKind::kName || at_name(2));
}

ExprPtr Grammar::function() {
  const Level level(*this);
  if (at_sign(".", 1)) return generic_function();
  if (!at_sign("(", 1) && !among(kClocks, token())) {
    ++next_;
    fail();
  }
  if (among(kAggregates, token())) return aggregate();
  if (among(kRankings, token())) return ranking_function();
  if (among(kClocks, token()) || among(kCalledClocks, token())) return clock_function();
  if (const FixedFunction* fixed = fixed_function_of(token())) return fixed_function(fixed->least, fixed->most);
  if (among(kSpecial, token())) return special_function();
  return generic_function();
}

ExprPtr Grammar::call(std::size_t begin, std::string name) {
  ExprPtr expr = make(ExprKind::kFunction, begin);
  expr->name = std::move(name);
  return expr;
}

ExprPtr Grammar::generic_function() {
  const Token& first = token();
  if (first.word.is_keyword()) {
    if (first.word.word_class() != WordClass::kReserved) ++next_;  // a name, but no function
    fail();
  }
  ExprPtr expr = call(first.begin, {});
  expr->text = name();  // as typed
  if (accept_sign(".")) {
    expr->database = std::exchange(expr->text, name());
  }
  expr->name = upper_ascii(expr->text);
  expect_sign("(");
  while (!at_sign(")")) {
    expr->args.push_back(expression());
    if (accept("AS")) name();
    if (!accept_sign(",")) break;
    if (at_sign(")")) fail();
  }
  expect_sign(")");
  return finish(std::move(expr));
}

ExprPtr Grammar::fixed_function(int least, int most) {
  ExprPtr expr = call(token().begin, std::string(token().word.text()));
  next_ += 2;
  int count = 0;
  while (count < least || (count < most && (count == 0 ? !at_sign(")") : at_sign(",")))) {
    if (count > 0) expect_sign(",");
    expr->args.push_back(expression());
    ++count;
  }
  expect_sign(")");
  return finish(std::move(expr));
}

ExprPtr Grammar::special_function() {
  if (at("CAST")) return cast();
  if (at("CONVERT")) return convert();
  if (at("DATE_ADD") || at("DATE_SUB") || at("ADDDATE") || at("SUBDATE")) return date_arithmetic();
  if (at("TRIM")) return trim();
  if (at("SUBSTRING") || at("SUBSTR") || at("MID")) return substring();
  ExprPtr expr = call(token().begin, std::string(token().word.text()));
  next_ += 2;
  if (expr->name == "EXTRACT") {
    expr->unit = interval_unit();
    expect("FROM");
    expr->args.push_back(expression());
  } else if (expr->name == "POSITION") {
    expr->args.push_back(bit_expression(1));
    expect("IN");
    expr->args.push_back(expression());
  } else if (expr->name == "CHAR") {
    expr->args = expression_list();
    if (accept("USING") && !accept("BINARY")) name();
  } else if (expr->name == "GET_FORMAT") {
    if (!at("DATE") && !at("TIME") && !at("DATETIME") && !at("TIMESTAMP")) fail();
    expr->unit = token().word.text();
    ++next_;
    expect_sign(",");
    expr->args.push_back(expression());
  } else if (expr->name == "VALUES" || expr->name == "DEFAULT") {
    expr->args.push_back(column());
  } else {  // TIMESTAMPADD, TIMESTAMPDIFF
    expr->unit = interval_unit();
    for (int i = 0; i < 2; ++i) {
      expect_sign(",");
      expr->args.push_back(expression());
    }
  }
  expect_sign(")");
  return finish(std::move(expr));
}

ExprPtr Grammar::clock_function() {
  ExprPtr expr = call(token().begin, std::string(token().word.text()));
  ++next_;
  if (accept_sign("(")) {
    if (token().kind == TokenKind::kInteger && !expr->name.ends_with("DATE")) {
      expr->args.push_back(literal(ExprKind::kInteger));
    }
    expect_sign(")");
  }
  return finish(std::move(expr));
}

ExprPtr Grammar::date_arithmetic() {
  const std::size_t begin = token().begin;
  const bool adds = at("DATE_ADD") || at("ADDDATE");
  const bool days_allowed = at("ADDDATE") || at("SUBDATE");
  next_ += 2;
  ExprPtr expr = make(ExprKind::kIntervalAdd, begin);
  expr->op = adds ? Op::kAdd : Op::kSubtract;
  expr->args.push_back(expression());
  expect_sign(",");
  if (accept("INTERVAL")) {
    expr->args.push_back(expression());
    expr->unit = interval_unit();
  } else if (days_allowed) {
    expr->args.push_back(expression());
    expr->unit = "DAY";
  } else {
    fail();
  }
  expect_sign(")");
  return finish(std::move(expr));
}

ExprPtr Grammar::trim() {
  ExprPtr expr = call(token().begin, "TRIM");
  next_ += 2;
  expr->unit = "BOTH";
  const bool sided = at("BOTH") || at("LEADING") || at("TRAILING");
  if (sided) {
    expr->unit = token().word.text();
    ++next_;
  }
  if (!(sided && at("FROM"))) expr->args.push_back(expression());
  if (sided && !at("FROM")) fail();
  if (accept("FROM")) expr->args.insert(expr->args.begin(), expression());  // args: text, what is cut off
  expect_sign(")");
  return finish(std::move(expr));
}

ExprPtr Grammar::substring() {
  ExprPtr expr = call(token().begin, "SUBSTRING");
  next_ += 2;
  expr->args.push_back(expression());
  const bool spoken = accept("FROM");
  if (!spoken) expect_sign(",");
  expr->args.push_back(expression());
  if (spoken ? accept("FOR") : accept_sign(",")) expr->args.push_back(expression());
  expect_sign(")");
  return finish(std::move(expr));
}

ExprPtr Grammar::aggregate() {
  ExprPtr expr = make(ExprKind::kAggregate, token().begin);
  expr->name = token().word.text();
  const bool is_count = at("COUNT");
  const bool is_concat = at("GROUP_CONCAT");
  next_ += 2;
  if (is_count && at_sign("*")) {
    expr->args.push_back(make(ExprKind::kStar, token().begin));
    ++next_;
  } else {
    expr->is_distinct = accept("DISTINCT");
    if (!expr->is_distinct && !is_concat) accept("ALL");
    expr->args.push_back(expression());
    const bool many = is_concat || (is_count && expr->is_distinct) || expr->name == "JSON_OBJECTAGG";
    while (many && accept_sign(",")) expr->args.push_back(expression());
  }
  expr->text.assign(1, ',');  // the separator
  if (is_concat) {
    if (accept("ORDER")) {
      expect("BY");
      expr->order_by = order_list();
    }
    if (accept("SEPARATOR")) expr->text = string_text();
  }
  expect_sign(")");
  return with_window(finish(std::move(expr)), /*required=*/false);
}

ExprPtr Grammar::ranking_function() {
  ExprPtr expr = make(ExprKind::kWindow, token().begin);
  expr->name = token().word.text();
  next_ += 1;
  expect_sign("(");
  const bool takes_value = expr->name == "LEAD" || expr->name == "LAG" || expr->name.ends_with("_VALUE");
  if (expr->name == "NTILE") {
    expr->args.push_back(stable_integer());
  } else if (expr->name == "NTH_VALUE") {
    expr->args.push_back(expression());
    expect_sign(",");
    expr->args.push_back(stable_integer());
  } else if (takes_value) {
    expr->args.push_back(expression());
    const bool shifts = expr->name == "LEAD" || expr->name == "LAG";
    if (shifts && accept_sign(",")) {
      expr->args.push_back(stable_integer());
      if (accept_sign(",")) expr->args.push_back(expression());
    }
  }
  expect_sign(")");
  if (accept("FROM")) expect("FIRST");
  if (takes_value && accept("RESPECT")) expect("NULLS");
  return with_window(finish(std::move(expr)), /*required=*/true);
}

// A number that no row changes: digits or a user variable.
ExprPtr Grammar::stable_integer() {
  if (token().kind != TokenKind::kInteger && token().kind != TokenKind::kVariable) fail();
  return operand();
}

ExprPtr Grammar::with_window(ExprPtr function, bool required) {
  if (!at("OVER")) {
    if (required) fail();
    return function;
  }
  ++next_;
  function->kind = ExprKind::kWindow;
  if (at_sign("(")) {
    function->window = window_specification();
  } else {
    function->window = std::make_unique<Window>();
    function->window->base = name();
  }
  return finish(std::move(function));
}

std::unique_ptr<Window> Grammar::window_specification() {
  auto window = std::make_unique<Window>();
  expect_sign("(");
  if (at_name()) window->base = name();
  if (accept("PARTITION")) {
    expect("BY");
    window->partition_by = expression_list();
  }
  if (accept("ORDER")) {
    expect("BY");
    window->order_by = order_list();
  }
  if (at("ROWS") || at("RANGE")) frame(*window);
  expect_sign(")");
  return window;
}

void Grammar::frame(Window& window) {
  window.has_frame = true;
  window.by_rows = at("ROWS");
  ++next_;
  if (accept("BETWEEN")) {
    window.frame_start = frame_bound();
    expect("AND");
    window.frame_end = frame_bound();
  } else {
    window.frame_start = frame_bound();
  }
}

FrameBound Grammar::frame_bound() {
  FrameBound bound;
  if (accept("CURRENT")) {
    expect("ROW");
    return bound;
  }
  const bool unbounded = accept("UNBOUNDED");
  if (!unbounded) {
    if (accept("INTERVAL")) {
      bound.distance = make(ExprKind::kIntervalAdd, token().begin);
      bound.distance->args.push_back(expression());
      bound.distance->unit = interval_unit();
      bound.distance = finish(std::move(bound.distance));
    } else {
      bound.distance = bit_expression(1);
    }
  }
  const bool preceding = at("PRECEDING");
  if (!preceding && !at("FOLLOWING")) fail();
  ++next_;
  using Kind = FrameBound::Kind;
  bound.kind = unbounded ? (preceding ? Kind::kUnboundedPreceding : Kind::kUnboundedFollowing)
                         : (preceding ? Kind::kPreceding : Kind::kFollowing);
  return bound;
}

ExprPtr Grammar::cast() {
  ExprPtr expr = make(ExprKind::kCast, token().begin);
  next_ += 2;
  expr->args.push_back(expression());
  expect("AS");
  expr->cast_type = cast_type();
  accept("ARRAY");
  expect_sign(")");
  return finish(std::move(expr));
}

ExprPtr Grammar::convert() {
  ExprPtr expr = make(ExprKind::kCast, token().begin);
  next_ += 2;
  expr->args.push_back(expression());
  if (accept("USING")) {
    expr->cast_type.name = "CHAR";
    if (!accept("BINARY")) name();
  } else {
    expect_sign(",");
    expr->cast_type = cast_type();
  }
  expect_sign(")");
  return finish(std::move(expr));
}

TypeName Grammar::cast_type() {
  TypeName type;
  type.name = token().word.text();
  if (accept_any(Word("SIGNED"), Word("UNSIGNED"))) {
    type.is_unsigned = type.name == "UNSIGNED";
    accept_any(Word("INT"), Word("INTEGER"));
  } else if (accept_any(Word("CHAR"), Word("CHARACTER"), Word("NCHAR"))) {
    type.name = "CHAR";
    optional_lengths(type, /*with_scale=*/false);
    if (accept("CHARSET")) {
      name();
    } else if (accept("CHARACTER")) {
      expect("SET");
      name();
    }
    type.is_binary = accept("BINARY");
  } else if (accept_any(Word("BINARY"), Word("TIME"), Word("DATETIME"), Word("FLOAT"))) {
    optional_lengths(type, /*with_scale=*/false);
  } else if (accept_any(Word("DECIMAL"), Word("DEC"))) {
    type.name = "DECIMAL";
    optional_lengths(type, /*with_scale=*/true);
  } else if (accept("DOUBLE")) {
    accept("PRECISION");
  } else if (!accept_any(Word("DATE"), Word("YEAR"), Word("JSON"), Word("REAL"))) {
    fail();
  }
  return type;
}

void Grammar::optional_lengths(TypeName& type, bool with_scale) {
  const auto small = [this] { return static_cast<int>(std::min<std::uint64_t>(unsigned_number(), 1U << 30)); };
  if (!accept_sign("(")) return;
  type.length = small();
  if (with_scale && accept_sign(",")) type.scale = small();
  expect_sign(")");
}

std::string Grammar::interval_unit() {
  if (!among(kUnits, token())) {
    std::string upper = upper_ascii(token().text);
    if (token().kind != TokenKind::kName || !upper.starts_with("SQL_TSI_")) fail();
    ++next_;
    return upper.substr(8);
  }
  return std::string(tokens_[next_++].word.text());
}

}  // namespace intercodesql::mysql
