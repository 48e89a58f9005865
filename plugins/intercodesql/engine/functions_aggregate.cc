#include "engine/functions_aggregate.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/collation.h"
#include "engine/function_call.h"
#include "engine/number_text.h"
#include "engine/sqlite.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

__extension__ using Int128 = __int128;

// The object behind an aggregate: made at the first row, destroyed with the group.
template <typename State>
State* state_of(sqlite3_context* call) {
  auto** slot = static_cast<State**>(sqlite3_aggregate_context(call, sizeof(State*)));
  if (slot == nullptr) return nullptr;
  if (*slot == nullptr) *slot = new State;
  return *slot;
}

// Null if the group had no rows.
template <typename State>
std::unique_ptr<State> take_state(sqlite3_context* call) {
  auto** slot = static_cast<State**>(sqlite3_aggregate_context(call, 0));
  if (slot == nullptr) return nullptr;
  State* state = *slot;
  *slot = nullptr;
  return std::unique_ptr<State>(state);
}

template <typename State>
const State* peek_state(sqlite3_context* call) {
  auto** slot = static_cast<State**>(sqlite3_aggregate_context(call, 0));
  return slot == nullptr ? nullptr : *slot;
}

StatementContext& context_of(sqlite3_context* call) {
  return *static_cast<StatementContext*>(sqlite3_user_data(call));
}

// Two arguments are equal under DISTINCT if their keys are.
std::string distinct_key(FunctionCall& call, int i) {
  switch (call.storage(i)) {
    case SQLITE_NULL:
      return "n";
    case SQLITE_TEXT:
      return concat("t", general_ci_key(call.text(i)));
    default:
      return concat("d", python_double_text(call.number(i)));
  }
}

// --- SUM and AVG

// Exact: scaled integers. A sum beyond 128 bits goes on as a double.
struct DecimalSum {
  Int128 scaled = 0;
  double beyond = 0;
  bool overflowed = false;
  std::int64_t count = 0;
  int scale = 0;
  std::set<std::string> seen;
};

Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

// x · 10^scale, rounded half away from zero by x's shortest decimal.
Int128 scaled_integer(FunctionCall& call, int scale) {
  if (call.storage(0) == SQLITE_INTEGER) return Int128{call.integer(0)} * power_of_ten(scale);
  Int128 value = 0;
  bool negative = false;
  for (const char c : decimal_text(call.number(0), scale)) {
    if (c == '-') negative = true;
    if (c >= '0' && c <= '9') value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

void add_scaled(DecimalSum& sum, Int128 value) {
  Int128 next = 0;
  if (__builtin_add_overflow(sum.scaled, value, &next)) {
    sum.overflowed = true;
    sum.beyond += static_cast<double>(value);
  } else {
    sum.scaled = next;
  }
}

// Arguments: x, scale.
template <bool kDistinct>
void decimal_step(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* sum = state_of<DecimalSum>(raw);
  if (sum == nullptr || call.is_null(0)) return;
  sum->scale = static_cast<int>(std::clamp<std::int64_t>(call.integer(1), 0, 18));
  if (kDistinct && !sum->seen.insert(distinct_key(call, 0)).second) return;
  if (!call.charge(1)) return;
  ++sum->count;
  if (std::fabs(call.number(0)) < 1e18) {
    add_scaled(*sum, scaled_integer(call, sum->scale));
  } else {
    sum->overflowed = true;
    sum->beyond += call.number(0) * std::pow(10.0, sum->scale);
  }
}

void decimal_inverse(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* sum = state_of<DecimalSum>(raw);
  if (sum == nullptr || call.is_null(0)) return;
  --sum->count;
  add_scaled(*sum, -scaled_integer(call, sum->scale));
}

double value_of(const DecimalSum& sum) {
  return (static_cast<double>(sum.scaled) + sum.beyond) / std::pow(10.0, sum.scale);
}

void answer_decimal_sum(sqlite3_context* raw, const DecimalSum* sum) {
  if (sum == nullptr || sum->count == 0) return sqlite3_result_null(raw);
  const auto whole = static_cast<std::int64_t>(sum->scaled);
  if (sum->scale == 0 && !sum->overflowed && Int128{whole} == sum->scaled) return sqlite3_result_int64(raw, whole);
  sqlite3_result_double(raw, value_of(*sum));
}

void answer_decimal_average(sqlite3_context* raw, const DecimalSum* sum) {
  if (sum == nullptr || sum->count == 0) return sqlite3_result_null(raw);
  // One division of two exact numbers, so that the quotient is the nearest double.
  const double divisor = static_cast<double>(sum->count) * std::pow(10.0, sum->scale);
  sqlite3_result_double(raw, (static_cast<double>(sum->scaled) + sum->beyond) / divisor);
}

struct DoubleSum {
  double sum = 0;
  std::int64_t count = 0;
  std::set<std::string> seen;
};

template <bool kDistinct>
void double_step(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* sum = state_of<DoubleSum>(raw);
  if (sum == nullptr || call.is_null(0)) return;
  if (kDistinct && !sum->seen.insert(distinct_key(call, 0)).second) return;
  ++sum->count;
  sum->sum += call.number(0);
}

void double_inverse(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* sum = state_of<DoubleSum>(raw);
  if (sum == nullptr || call.is_null(0)) return;
  --sum->count;
  sum->sum -= call.number(0);
}

void answer_double_sum(sqlite3_context* raw, const DoubleSum* sum) {
  sum == nullptr || sum->count == 0 ? sqlite3_result_null(raw) : sqlite3_result_double(raw, sum->sum);
}

void answer_double_average(sqlite3_context* raw, const DoubleSum* sum) {
  if (sum == nullptr || sum->count == 0) return sqlite3_result_null(raw);
  sqlite3_result_double(raw, sum->sum / static_cast<double>(sum->count));
}

// --- VARIANCE and STDDEV, in one pass (Welford), as MySQL computes them

struct Variance {
  double mean = 0, squares = 0;
  std::int64_t count = 0;
};

void variance_step(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* state = state_of<Variance>(raw);
  if (state == nullptr || call.is_null(0)) return;
  const double value = call.number(0);
  const double distance = value - state->mean;
  state->mean += distance / static_cast<double>(++state->count);
  state->squares += distance * (value - state->mean);
}

void variance_inverse(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* state = state_of<Variance>(raw);
  if (state == nullptr || call.is_null(0)) return;
  const double value = call.number(0);
  const double distance = value - state->mean;
  if (--state->count == 0) {
    *state = {};
    return;
  }
  state->mean -= distance / static_cast<double>(state->count);
  state->squares -= distance * (value - state->mean);
}

template <bool kSample, bool kRoot>
void answer_variance(sqlite3_context* raw, const Variance* state) {
  const std::int64_t divisor = state == nullptr ? 0 : state->count - (kSample ? 1 : 0);
  if (divisor <= 0) return sqlite3_result_null(raw);
  const double variance = state->squares / static_cast<double>(divisor);
  sqlite3_result_double(raw, kRoot ? std::sqrt(variance) : variance);
}

// --- BIT_AND, BIT_OR, BIT_XOR

struct Bits {
  std::uint64_t all = ~std::uint64_t{0}, any = 0, odd = 0;
};

void bits_step(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* state = state_of<Bits>(raw);
  if (state == nullptr || call.is_null(0)) return;
  const auto value = static_cast<std::uint64_t>(call.integer(0));
  state->all &= value;
  state->any |= value;
  state->odd ^= value;
}

template <std::uint64_t Bits::*kMember>
void answer_bits(sqlite3_context* raw, const Bits* state) {
  sqlite3_result_int64(raw, static_cast<std::int64_t>(state == nullptr ? Bits{}.*kMember : state->*kMember));
}

// --- GROUP_CONCAT

struct SortKey {
  bool is_null = false, is_number = false;
  double number = 0;
  std::string text;
};

struct ConcatItem {
  std::string text;
  std::vector<SortKey> keys;
};

struct GroupConcat {
  std::string separator, directions;  // directions: one of 'a' and 'd' per key
  std::vector<ConcatItem> items;
  std::set<std::string> seen;
};

int compare_keys(const SortKey& a, const SortKey& b) {
  if (a.is_null || b.is_null) return static_cast<int>(b.is_null) - static_cast<int>(a.is_null);
  if (a.is_number && b.is_number) return a.number < b.number ? -1 : a.number > b.number ? 1 : 0;
  return compare_general_ci(a.text, b.text);
}

// Arguments: separator, 1 for DISTINCT, directions, value, keys.
void group_concat_step(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* state = state_of<GroupConcat>(raw);
  if (state == nullptr || call.is_null(3)) return;
  if (call.integer(1) != 0 && !state->seen.insert(distinct_key(call, 3)).second) return;
  state->separator = call.text(0);
  state->directions = call.text(2);
  ConcatItem item{std::string(call.text(3)), {}};
  if (!call.charge(item.text.size() * 8 + 64)) return;
  for (int i = 4; i < count; ++i) {
    SortKey key{call.is_null(i), call.storage(i) == SQLITE_INTEGER || call.storage(i) == SQLITE_FLOAT, 0, {}};
    key.is_number ? static_cast<void>(key.number = call.number(i)) : static_cast<void>(key.text = call.text(i));
    item.keys.push_back(std::move(key));
  }
  state->items.push_back(std::move(item));
}

void group_concat_final(sqlite3_context* raw) {
  constexpr std::size_t kLongest = 1024;  // group_concat_max_len
  const auto state = take_state<GroupConcat>(raw);
  if (state == nullptr || state->items.empty()) return sqlite3_result_null(raw);
  std::stable_sort(state->items.begin(), state->items.end(), [&](const ConcatItem& a, const ConcatItem& b) {
    for (std::size_t i = 0; i < a.keys.size() && i < b.keys.size(); ++i) {
      const int order = compare_keys(a.keys[i], b.keys[i]);
      if (order != 0) return (order < 0) == (i >= state->directions.size() || state->directions[i] != 'd');
    }
    return false;
  });
  std::string text;
  for (std::size_t i = 0; i < state->items.size() && text.size() <= kLongest; ++i) {
    if (i > 0) text += state->separator;
    text += state->items[i].text;
  }
  if (text.size() > kLongest) {
    std::size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
  }
  sqlite3_result_text64(raw, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// --- COUNT(DISTINCT a, b, …)

struct DistinctRows {
  std::set<std::string> seen;
};

void count_distinct_step(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* state = state_of<DistinctRows>(raw);
  if (state == nullptr || call.any_null()) return;
  std::string key;
  for (int i = 0; i < count; ++i) {
    const std::string part = distinct_key(call, i);
    key += std::to_string(part.size()) + ':' + part;
  }
  if (call.charge(key.size() + 64)) state->seen.insert(std::move(key));
}

void count_distinct_final(sqlite3_context* raw) {
  const auto state = take_state<DistinctRows>(raw);
  sqlite3_result_int64(raw, state == nullptr ? 0 : static_cast<sqlite3_int64>(state->seen.size()));
}

// --- a subquery that has to have one row

struct OnlyRow {
  sqlite3_value* value = nullptr;
  ~OnlyRow() { sqlite3_value_free(value); }
};

void only_row_step(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, context_of(raw));
  auto* state = state_of<OnlyRow>(raw);
  if (state == nullptr) return;
  if (state->value != nullptr) return call.error(1242, "Subquery returns more than 1 row");
  state->value = sqlite3_value_dup(arguments[0]);
}

void only_row_final(sqlite3_context* raw) {
  const auto state = take_state<OnlyRow>(raw);
  state == nullptr ? sqlite3_result_null(raw) : sqlite3_result_value(raw, state->value);
}

// ---

template <typename State, void (*kAnswer)(sqlite3_context*, const State*)>
void final_of(sqlite3_context* raw) {
  kAnswer(raw, take_state<State>(raw).get());
}

template <typename State, void (*kAnswer)(sqlite3_context*, const State*)>
void value_of_window(sqlite3_context* raw) {
  kAnswer(raw, peek_state<State>(raw));
}

using Step = void (*)(sqlite3_context*, int, sqlite3_value**);
using Final = void (*)(sqlite3_context*);

struct Aggregate {
  const char* name;
  int arguments;
  Step step;
  Final final;
  Final value;  // with `inverse`: usable over a window
  Step inverse;
};

template <typename State, void (*kAnswer)(sqlite3_context*, const State*)>
constexpr Aggregate windowed(const char* name, int arguments, Step step, Step inverse) {
  return {name, arguments, step, final_of<State, kAnswer>, value_of_window<State, kAnswer>, inverse};
}

template <typename State, void (*kAnswer)(sqlite3_context*, const State*)>
constexpr Aggregate plain(const char* name, int arguments, Step step) {
  return {name, arguments, step, final_of<State, kAnswer>, nullptr, nullptr};
}

constexpr Aggregate kAggregates[] = {
    windowed<DecimalSum, answer_decimal_sum>("my_sum_decimal", 2, decimal_step<false>, decimal_inverse),
    windowed<DecimalSum, answer_decimal_average>("my_avg_decimal", 2, decimal_step<false>, decimal_inverse),
    windowed<DoubleSum, answer_double_sum>("my_sum_double", 1, double_step<false>, double_inverse),
    windowed<DoubleSum, answer_double_average>("my_avg_double", 1, double_step<false>, double_inverse),
    plain<DecimalSum, answer_decimal_sum>("my_sum_decimal_distinct", 2, decimal_step<true>),
    plain<DecimalSum, answer_decimal_average>("my_avg_decimal_distinct", 2, decimal_step<true>),
    plain<DoubleSum, answer_double_sum>("my_sum_double_distinct", 1, double_step<true>),
    plain<DoubleSum, answer_double_average>("my_avg_double_distinct", 1, double_step<true>),
    windowed<Variance, answer_variance<false, false>>("my_var_pop", 1, variance_step, variance_inverse),
    windowed<Variance, answer_variance<true, false>>("my_var_samp", 1, variance_step, variance_inverse),
    windowed<Variance, answer_variance<false, true>>("my_stddev_pop", 1, variance_step, variance_inverse),
    windowed<Variance, answer_variance<true, true>>("my_stddev_samp", 1, variance_step, variance_inverse),
    plain<Bits, answer_bits<&Bits::all>>("my_bit_and_all", 1, bits_step),
    plain<Bits, answer_bits<&Bits::any>>("my_bit_or_all", 1, bits_step),
    plain<Bits, answer_bits<&Bits::odd>>("my_bit_xor_all", 1, bits_step),
    {"my_group_concat", -1, group_concat_step, group_concat_final, nullptr, nullptr},
    {"my_count_distinct", -1, count_distinct_step, count_distinct_final, nullptr, nullptr},
    {"my_only_row", 1, only_row_step, only_row_final, nullptr, nullptr},
};

}  // namespace

void register_aggregates(sqlite3* connection, StatementContext& context) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  for (const Aggregate& one : kAggregates) {
    const int code = one.value != nullptr
                         ? sqlite3_create_window_function(connection, one.name, one.arguments, kFlags, &context,
                                                          one.step, one.final, one.value, one.inverse, nullptr)
                         : sqlite3_create_function_v2(connection, one.name, one.arguments, kFlags, &context, nullptr,
                                                      one.step, one.final, nullptr);
    if (code != SQLITE_OK) throw sqlite::Error(code, sqlite3_errmsg(connection));
  }
}

}  // namespace intercodesql
