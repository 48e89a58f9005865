#include "engine/functions_order.h"

#include <cstring>
#include <memory>

#include "engine/budget.h"
#include "engine/collation.h"
#include "engine/filesort.h"
#include "engine/sqlite.h"

namespace intercodesql {
namespace {

// Numbers as eight bytes whose order is theirs.
void append_number(double value, std::string& key) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  bits = (bits & kSign) != 0 ? ~bits : bits | kSign;
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(bits >> shift);
}

// NULL before numbers before texts before keys of rows, which may only come last.
void append_value(FunctionCall& call, int i, std::string& key) {
  switch (call.storage(i)) {
    case SQLITE_NULL:
      key += '\1';
      break;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
      key += '\2';
      append_number(call.number(i), key);
      break;
    case SQLITE_TEXT:
      key += '\3';
      append_general_ci_key(call.text(i), key);
      key += '\0';
      break;
    default:
      key += '\4';
      key += call.text(i);
  }
}

void row_key(FunctionCall& call) {
  const std::string_view directions = call.text(0);
  std::string key;
  key.reserve(64);
  for (int i = 1; i < call.count(); ++i) {
    const std::size_t begin = key.size();
    append_value(call, i, key);
    const auto place = static_cast<std::size_t>(i - 1);
    if (place >= directions.size() || directions[place] != 'd') continue;
    for (std::size_t at = begin; at < key.size(); ++at) key[at] = static_cast<char>(~key[at]);
  }
  call.result_bytes(key);
}

// --- my_filesort

struct Filesort {
  SortOrder order;
  std::vector<Row> keys;
  std::vector<std::int64_t> numbers;
};

Value value_of(FunctionCall& call, int i) {
  switch (call.storage(i)) {
    case SQLITE_NULL:
      return Value::null();
    case SQLITE_INTEGER:
      return Value::of_int(call.integer(i));
    case SQLITE_FLOAT:
      return Value::of_double(call.number(i));
    default:
      return Value::of_text(std::string(call.text(i)));
  }
}

Filesort* filesort_of(sqlite3_context* raw, int size) {
  auto** slot = static_cast<Filesort**>(sqlite3_aggregate_context(raw, size));
  if (slot == nullptr) return nullptr;
  if (*slot == nullptr && size > 0) *slot = new Filesort;
  return *slot;
}

void filesort_step(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  FunctionCall call(raw, count, arguments, *static_cast<StatementContext*>(sqlite3_user_data(raw)));
  Filesort* state = filesort_of(raw, sizeof(Filesort*));
  if (state == nullptr) return;
  if (state->keys.empty()) {
    state->order.directions = call.text(0);
    if (!call.is_null(1)) state->order.limit = static_cast<std::uint64_t>(call.integer(1));
    if (!call.is_null(2)) state->order.expected_rows = call.number(2);
  }
  std::size_t size = 0;
  Row keys;
  for (int i = 4; i < count; ++i) {
    keys.push_back(value_of(call, i));
    size += sizeof(Value) + keys.back().text.size();
  }
  if (!call.charge(size * 4)) return;
  state->keys.push_back(std::move(keys));
  state->numbers.push_back(call.integer(3));
}

void filesort_value(sqlite3_context* raw) {
  const Filesort* state = filesort_of(raw, 0);
  if (state == nullptr || (!state->order.limit && is_stable(state->keys.size()))) return sqlite3_result_null(raw);
  std::vector<std::int64_t> sorted;
  for (const std::size_t row : sorted_positions(state->keys, state->order)) sorted.push_back(state->numbers[row]);
  sqlite3_result_blob64(raw, sorted.data(), sorted.size() * sizeof(std::int64_t), SQLITE_TRANSIENT);
}

void filesort_final(sqlite3_context* raw) {
  filesort_value(raw);
  auto** slot = static_cast<Filesort**>(sqlite3_aggregate_context(raw, 0));
  if (slot == nullptr) return;
  delete *slot;
  *slot = nullptr;
}

// Its windows hold all rows: none leaves.
void filesort_inverse(sqlite3_context*, int, sqlite3_value**) {}

void place(FunctionCall& call) {
  const std::string_view numbers = call.text(0);
  const std::int64_t wanted = call.integer(1);
  if (!call.charge(numbers.size())) return;
  for (std::size_t at = 0; at + sizeof wanted <= numbers.size(); at += sizeof wanted) {
    std::int64_t number = 0;
    std::memcpy(&number, numbers.data() + at, sizeof number);
    if (number == wanted) return call.result(static_cast<std::int64_t>(at / sizeof wanted + 1));
  }
  call.null();
}

constexpr FunctionEntry kFunctions[] = {{"my_row_key", -1, row_key}, {"my_place", 2, place}};

}  // namespace

std::span<const FunctionEntry> order_functions() {
  return kFunctions;
}

void register_filesort(sqlite3* connection, StatementContext& context) {
  const int code =
      sqlite3_create_window_function(connection, "my_filesort", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, &context,
                                     filesort_step, filesort_final, filesort_value, filesort_inverse, nullptr);
  if (code != SQLITE_OK) throw sqlite::Error(code, sqlite3_errmsg(connection));
}

}  // namespace intercodesql
