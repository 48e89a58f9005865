#include "engine/function_call.h"

#include <cmath>
#include <limits>
#include <utility>

#include "engine/budget.h"
#include "engine/number_text.h"

namespace intercodesql {

bool FunctionCall::any_null() const {
  for (int i = 0; i < count_; ++i) {
    if (is_null(i)) return true;
  }
  return false;
}

std::string_view FunctionCall::text(int i) {
  sqlite3_value* value = arguments_[i];
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER:
      digits_.reserve(static_cast<std::size_t>(count_));  // so that earlier views stay valid
      return digits_.emplace_back(std::to_string(sqlite3_value_int64(value)));
    case SQLITE_FLOAT:
      digits_.reserve(static_cast<std::size_t>(count_));
      return digits_.emplace_back(double_text(sqlite3_value_double(value)));
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
      return {bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_value_bytes(value))};
    }
  }
}

double FunctionCall::number(int i) const {
  sqlite3_value* value = arguments_[i];
  switch (sqlite3_value_type(value)) {
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
      return leading_number({bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_value_bytes(value))});
    }
    default:
      return sqlite3_value_double(value);
  }
}

std::int64_t FunctionCall::integer(int i) const {
  if (sqlite3_value_type(arguments_[i]) == SQLITE_INTEGER) return sqlite3_value_int64(arguments_[i]);
  const double value = std::round(number(i));
  constexpr double kLimit = 9223372036854775807.0;
  if (value >= kLimit) return std::numeric_limits<std::int64_t>::max();
  if (value <= -kLimit) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

void FunctionCall::result(double value) {
  if (std::isfinite(value)) {
    sqlite3_result_double(call_, value);
  } else {
    null();
  }
}

void FunctionCall::result(std::string_view text) {
  if (!charge(text.size())) return;
  if (text.size() > kLongestResult) {
    error(kBudgetErrorNumber, std::string(kBudgetError));
    return;
  }
  // A null pointer would be NULL, not the empty text.
  sqlite3_result_text64(call_, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void FunctionCall::result_bytes(std::string_view bytes) {
  if (charge(bytes.size()))
    sqlite3_result_blob64(call_, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

void FunctionCall::error(int number, std::string text) {
  sqlite3_result_error(call_, text.c_str(), static_cast<int>(text.size()));
  if (!context().error) context().error = RuntimeError{number, std::move(text)};
}

void FunctionCall::keep(const std::string& key, std::shared_ptr<const void> value) {
  constexpr std::size_t kMost = 256;
  if (context_.kept.size() >= kMost) context_.kept.clear();
  context_.kept[key] = std::move(value);
}

bool FunctionCall::charge(std::size_t bytes) {
  if (context().charge(bytes)) return true;
  error(kBudgetErrorNumber, std::string(kBudgetError));
  return false;
}

}  // namespace intercodesql
