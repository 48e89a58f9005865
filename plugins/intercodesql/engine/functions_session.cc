#include "engine/functions_session.h"

#include <array>
#include <cstdio>
#include <string>

#include "engine/catalog.h"
#include "engine/system_variables.h"

namespace intercodesql {
namespace {

// SplitMix64.
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// MySQL's generator behind RAND(seed), kept from row to row.
struct SeededRandom {
  std::uint64_t a, b;

  explicit SeededRandom(std::uint32_t seed)
      : a((seed * std::uint64_t{0x10001} + 55555555) % kLimit), b(seed * std::uint64_t{0x10000001} % kLimit) {}

  double next() {
    a = (a * 3 + b) % kLimit;
    b = (a + b + 33) % kLimit;
    return static_cast<double>(a) / static_cast<double>(kLimit);
  }

  static constexpr std::uint64_t kLimit = 0x3FFFFFFF;
};

void random(FunctionCall& call) {
  if (call.count() == 0) {
    call.result(static_cast<double>(next_random(call.session().random_state) >> 11) * 0x1p-53);
    return;
  }
  if (!call.charge(call.context().seeded * 16)) return;  // what SQLite may search through
  auto* kept = static_cast<SeededRandom*>(sqlite3_get_auxdata(call.raw(), 0));
  if (kept == nullptr) {
    ++call.context().seeded;
    kept = new SeededRandom(static_cast<std::uint32_t>(call.integer(0)));
    const double value = kept->next();
    sqlite3_set_auxdata(call.raw(), 0, kept, [](void* state) { delete static_cast<SeededRandom*>(state); });
    return call.result(value);
  }
  call.result(kept->next());
}

void uuid(FunctionCall& call) {
  const std::uint64_t high = next_random(call.session().random_state);
  const std::uint64_t low = next_random(call.session().random_state);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-11%02x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16) & 0xFFFF, static_cast<unsigned>(high) & 0xFF,
                (static_cast<unsigned>(low >> 48) & 0x3FFF) | 0x8000,
                static_cast<unsigned long long>(low & 0xFFFFFFFFFFFF));
  call.result(std::string_view(text.data()));
}

void now(FunctionCall& call) {
  call.result(call.session().now);
}
void current_date(FunctionCall& call) {
  call.result(std::string_view(call.session().now).substr(0, 10));
}
void current_time(FunctionCall& call) {
  call.result(std::string_view(call.session().now).substr(11));
}

void database(FunctionCall& call) {
  call.session().database.empty() ? call.null() : call.result(call.session().database);
}

void last_insert_id(FunctionCall& call) {
  call.result(call.session().last_insert_id);
}

void row_count(FunctionCall& call) {
  call.result(call.session().row_count);
}
void found_rows(FunctionCall& call) {
  call.result(call.session().found_rows);
}

void variable(FunctionCall& call) {
  const auto& variables = call.session().variables;
  const auto found = variables.find(lower_ascii(call.text(0)));
  if (found == variables.end()) return call.null();
  const Value& value = found->second;
  switch (value.kind) {
    case Value::Kind::kNull:
      return call.null();
    case Value::Kind::kInt:
    case Value::Kind::kUnsigned:
      return call.result(value.integer);
    case Value::Kind::kDouble:
      return call.result(value.real);
    default:
      return call.result(value.text);
  }
}

// my_set_variable(name, value): the value.
void set_variable(FunctionCall& call) {
  constexpr std::size_t kMostVariables = 1000;
  auto& variables = call.session().variables;
  const std::string name = lower_ascii(call.text(0));
  if (!call.charge(256) || (variables.size() >= kMostVariables && !variables.contains(name))) return call.null();
  Value& value = variables[name];
  switch (call.storage(1)) {
    case SQLITE_NULL:
      value = Value::null();
      break;
    case SQLITE_INTEGER:
      value = Value::of_int(call.integer(1));
      break;
    case SQLITE_FLOAT:
      value = Value::of_double(call.number(1));
      break;
    default:
      value = Value::of_text(std::string(call.text(1)));
  }
  call.result_argument(1);
}

void user(FunctionCall& call) {
  call.result(std::string_view("admin@localhost"));
}
void version(FunctionCall& call) {
  call.result(kServerVersion);
}
void connection_id(FunctionCall& call) {
  call.result(std::int64_t{8});
}

// my_raise(number, text).
void raise(FunctionCall& call) {
  call.error(static_cast<int>(call.integer(0)), std::string(call.text(1)));
}

void system_variable(FunctionCall& call) {
  const auto value = read_system_variable(call.session(), call.text(0));
  value ? call.result(*value) : call.null();
}

constexpr FunctionEntry kFunctions[] = {
    {"my_rand", -1, random, false},
    {"my_uuid", 0, uuid, false},
    {"my_now", 0, now, false},
    {"my_curdate", 0, current_date, false},
    {"my_curtime", 0, current_time, false},
    {"my_database", 0, database, false},
    {"my_last_insert_id", 0, last_insert_id, false},
    {"my_row_count", 0, row_count, false},
    {"my_found_rows", 0, found_rows, false},
    {"my_variable", 1, variable, false},
    {"my_set_variable", 2, set_variable, false},
    {"my_user", 0, user},
    {"my_version", 0, version},
    {"my_connection_id", 0, connection_id},
    {"my_system_variable", 1, system_variable, false},
    {"my_raise", 2, raise, false},
};

}  // namespace

std::span<const FunctionEntry> session_functions() {
  return kFunctions;
}

}  // namespace intercodesql
