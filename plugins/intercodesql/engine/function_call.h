// One call of an SQLite function: its arguments as MySQL reads them, and its result.
//
// Lives as long as the call. Texts of arguments stay valid until the call ends.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/statement_context.h"

namespace intercodesql {

class FunctionCall {
 public:
  FunctionCall(sqlite3_context* call, int count, sqlite3_value** arguments, StatementContext& context)
      : call_(call), count_(count), arguments_(arguments), context_(context) {}

  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] bool is_null(int i) const { return sqlite3_value_type(arguments_[i]) == SQLITE_NULL; }
  [[nodiscard]] bool any_null() const;
  // SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB or SQLITE_NULL.
  [[nodiscard]] int storage(int i) const { return sqlite3_value_type(arguments_[i]); }
  // Of a number its digits.
  [[nodiscard]] std::string_view text(int i);
  // Of a text the number it begins with.
  [[nodiscard]] double number(int i) const;
  // Rounded; kept within 64 bits.
  [[nodiscard]] std::int64_t integer(int i) const;
  [[nodiscard]] bool is_true(int i) const { return !is_null(i) && number(i) != 0; }

  void null() { sqlite3_result_null(call_); }
  void result(std::int64_t value) { sqlite3_result_int64(call_, value); }
  void result(bool value) { sqlite3_result_int(call_, value ? 1 : 0); }
  // NULL for what is no number, as MySQL answers a logarithm of 0.
  void result(double value);
  void result(std::string_view text);
  void result_bytes(std::string_view bytes);
  // Argument `i` unchanged.
  void result_argument(int i) { sqlite3_result_value(call_, arguments_[i]); }
  // Ends the statement with an error of MySQL's.
  void error(int number, std::string text);
  // Pays for `bytes` of work. False, and the statement ends, if its budget does not cover them.
  [[nodiscard]] bool charge(std::size_t bytes);

  // What an earlier call in this statement kept under `key`, which names the kind of T; null if nothing is left of it.
  template <typename T>
  [[nodiscard]] std::shared_ptr<const T> kept(const std::string& key) const {
    const auto found = context_.kept.find(key);
    return found == context_.kept.end() ? nullptr : std::static_pointer_cast<const T>(found->second);
  }
  void keep(const std::string& key, std::shared_ptr<const void> value);

  [[nodiscard]] StatementContext& context() const { return context_; }
  [[nodiscard]] Session& session() const { return *context_.session; }
  [[nodiscard]] sqlite3_context* raw() const { return call_; }

 private:
  sqlite3_context* call_;
  int count_;
  sqlite3_value** arguments_;
  StatementContext& context_;
  std::vector<std::string> digits_;  // of numeric arguments that were asked for as texts
};

// A text no longer than this is a result; a longer one ends the statement.
inline constexpr std::size_t kLongestResult = std::size_t{1} << 20;

using Function = void (*)(FunctionCall&);

struct FunctionEntry {
  const char* name;
  int arguments;  // -1: any number
  Function function;
  bool is_deterministic = true;
};

}  // namespace intercodesql
