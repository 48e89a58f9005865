#include "engine/functions_store.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/collation.h"
#include "engine/datetime.h"
#include "engine/declared_type.h"
#include "engine/number_text.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

constexpr int kOutOfRange = 1264;
constexpr int kTruncated = 1265;
constexpr int kIncorrectTemporal = 1292;
constexpr int kIncorrectNumber = 1366;
constexpr int kTooLong = 1406;

// One value on its way into a column.
class Store {
 public:
  Store(FunctionCall& call, const DeclaredType& declared) : call_(call), type_(declared.type), declared_(declared) {}

  void run() {
    switch (type_.base) {
      case BaseType::kInt:
      case BaseType::kBit:
        return store_integer();
      case BaseType::kYear:
        return store_year();
      case BaseType::kDouble:
      case BaseType::kFloat:
        return store_double();
      case BaseType::kDecimal:
        return store_decimal();
      case BaseType::kEnum:
        return store_enum();
      case BaseType::kDate:
      case BaseType::kDatetime:
      case BaseType::kTimestamp:
        return store_moment();
      case BaseType::kTime:
        return store_time();
      default:
        return store_text();
    }
  }

 private:
  void fail(int number, const std::string& what) {
    call_.error(number,
                concat(what, " for column '", call_.text(2), "' at row ", std::to_string(call_.context().stored_row)));
  }

  // A text that is no number, or only begins with one.
  bool refuse_text(std::string_view kind) {
    if (call_.storage(0) != SQLITE_TEXT || is_number_text(call_.text(0))) return false;
    const std::string_view text = call_.text(0);
    const bool begins = text.find_first_of("0123456789") == text.find_first_not_of(" +-.");
    if (begins && !text.empty() && text.find_first_of("0123456789") != std::string_view::npos) {
      fail(kTruncated, "Data truncated");
    } else {
      fail(kIncorrectNumber, concat("Incorrect ", kind, " value: '", text, "'"));
    }
    return true;
  }

  void store_integer() {
    if (refuse_text("integer")) return;
    const int bits = type_.base == BaseType::kBit ? type_.length : type_.length * 8;
    const bool is_unsigned = type_.is_unsigned || type_.base == BaseType::kBit;
    const double value = std::round(call_.number(0));
    const double limit = std::ldexp(1.0, is_unsigned ? bits : bits - 1);
    // 2^63 - 1 is no double: at the full width an integer is in range by being one.
    const bool exact = call_.storage(0) == SQLITE_INTEGER && bits == 64;
    if (is_unsigned ? value < 0 || (!exact && value >= limit) : !exact && (value >= limit || value < -limit)) {
      return fail(kOutOfRange, "Out of range value");
    }
    if (is_unsigned && value >= 9.2e18)
      return call_.result(static_cast<std::int64_t>(static_cast<std::uint64_t>(value)));
    call_.result(call_.integer(0));
  }

  void store_year() {
    if (refuse_text("integer")) return;
    std::int64_t year = call_.integer(0);
    const bool is_text_zero = year == 0 && call_.storage(0) == SQLITE_TEXT && call_.text(0).size() < 4;
    if (year >= 1 && year < 70) year += 2000;
    if (year >= 70 && year < 100) year += 1900;
    if (is_text_zero) year = 2000;
    if (year != 0 && (year < 1901 || year > 2155)) return fail(kOutOfRange, "Out of range value");
    call_.result(year);
  }

  void store_double() {
    if (call_.storage(0) == SQLITE_TEXT && !is_number_text(call_.text(0))) return fail(kTruncated, "Data truncated");
    double value = call_.number(0);
    if (type_.scale >= 0) {
      value = round_double(value, type_.scale);
      if (std::fabs(value) >= std::pow(10.0, type_.length - type_.scale))
        return fail(kOutOfRange, "Out of range value");
    }
    if (type_.base == BaseType::kFloat) {
      if (std::fabs(value) > 3.402823466e38) return fail(kOutOfRange, "Out of range value");
      value = as_float(value, -1);
    }
    if (type_.is_unsigned && value < 0) return fail(kOutOfRange, "Out of range value");
    call_.result(value);
  }

  void store_decimal() {
    if (refuse_text("decimal")) return;
    const double value = round_decimal(call_.number(0), type_.scale);
    if (std::fabs(value) >= std::pow(10.0, type_.length - type_.scale) || (type_.is_unsigned && value < 0)) {
      return fail(kOutOfRange, "Out of range value");
    }
    if (call_.storage(0) == SQLITE_INTEGER) return call_.result_argument(0);
    call_.result(value);
  }

  void store_text() {
    std::string_view text = call_.text(0);
    if (type_.base == BaseType::kBlob) {
      if (type_.length >= 0 && text.size() > static_cast<std::size_t>(type_.length))
        return fail(kTooLong, "Data too long");
      return call_.result_bytes(text);
    }
    const bool by_bytes = type_.base == BaseType::kText;
    if (type_.base == BaseType::kChar) text = without_blanks(text, 0);
    if (type_.length >= 0) {
      const auto limit = static_cast<std::size_t>(type_.length);
      const std::size_t end = by_bytes ? std::min(limit, text.size()) : byte_of_character(text, limit);
      text = without_blanks(text, end);
      if (text.size() > end) return fail(kTooLong, "Data too long");
    }
    call_.result(text);
  }

  // Blanks at the end do not count as too long; the first `kept` bytes stay.
  static std::string_view without_blanks(std::string_view text, std::size_t kept) {
    while (text.size() > kept && text.back() == ' ') text.remove_suffix(1);
    return text;
  }

  // The texts of "enum('a','b')".
  std::vector<std::string> members() const {
    std::vector<std::string> found;
    const std::string& text = declared_.type_text;
    for (std::size_t pos = text.find('\''); pos < text.size(); pos = text.find('\'', pos)) {
      std::string member;
      for (++pos; pos < text.size(); ++pos) {
        if (text[pos] == '\'' && (pos + 1 >= text.size() || text[pos + 1] != '\'')) break;
        if (text[pos] == '\'') ++pos;
        member += text[pos];
      }
      ++pos;
      found.push_back(std::move(member));
    }
    return found;
  }

  void store_enum() {
    const std::vector<std::string> all = members();
    if (call_.storage(0) == SQLITE_INTEGER && declared_.type_text.starts_with("enum")) {
      const std::int64_t index = call_.integer(0);
      if (index < 1 || index > static_cast<std::int64_t>(all.size())) return fail(kTruncated, "Data truncated");
      return call_.result(all[static_cast<std::size_t>(index - 1)]);
    }
    if (declared_.type_text.starts_with("set")) return store_set(all);
    for (const std::string& member : all) {
      if (compare_general_ci(member, call_.text(0)) == 0) return call_.result(member);
    }
    fail(kTruncated, "Data truncated");
  }

  void store_set(const std::vector<std::string>& all) {
    std::vector<bool> chosen(all.size());
    std::string_view rest = call_.text(0);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const auto found = std::find_if(all.begin(), all.end(), [&](const std::string& member) {
        return compare_general_ci(member, rest.substr(0, comma)) == 0;
      });
      if (found == all.end()) return fail(kTruncated, "Data truncated");
      chosen[static_cast<std::size_t>(found - all.begin())] = true;
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    std::string text;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (chosen[i]) text += concat(text.empty() ? "" : ",", all[i]);
    }
    call_.result(text);
  }

  void store_moment() {
    const bool is_date = type_.base == BaseType::kDate;
    auto value = call_.storage(0) == SQLITE_TEXT ? read_datetime(call_.text(0)) : read_datetime(call_.integer(0));
    if (!value || has_zero(*value)) {  // sql_mode NO_ZERO_DATE
      return fail(kIncorrectTemporal,
                  concat("Incorrect ", is_date ? "date" : "datetime", " value: '", call_.text(0), "'"));
    }
    value->has_time = !is_date;
    if (type_.scale <= 0 && value->micro >= 500000) value = from_total_micros(total_micros(*value) + 500000);
    if (type_.scale <= 0 && value) value->micro = 0;
    value ? call_.result(datetime_text(*value)) : fail(kIncorrectTemporal, "Incorrect datetime value");
  }

  void store_time() {
    const auto micros = read_time(call_.text(0));
    if (!micros) return fail(kIncorrectTemporal, concat("Incorrect time value: '", call_.text(0), "'"));
    call_.result(time_text(type_.scale <= 0 ? *micros / 1'000'000 * 1'000'000 : *micros));
  }

  FunctionCall& call_;
  const Type type_;
  const DeclaredType& declared_;
};

void note_row(FunctionCall& call) {
  StatementContext& context = call.context();
  const std::string_view column = call.text(2);
  if (context.first_column.empty()) context.first_column = column;
  if (context.first_column == column) ++context.stored_row;
  context.stored[std::string(column)] = call.is_null(0) ? "NULL" : std::string(call.text(0));
}

// my_store(value, type, column).
void store_value(FunctionCall& call) {
  note_row(call);
  if (call.is_null(0)) return call.null();
  const std::string key = concat("type ", call.text(1));
  auto declared = call.kept<DeclaredType>(key);
  if (declared == nullptr) {
    auto read = read_declared_type(call.text(1));
    if (!read) return call.error(1815, concat("Internal error: no type \"", call.text(1), "\""));
    declared = std::make_shared<const DeclaredType>(std::move(*read));
    call.keep(key, declared);
  }
  Store(call, *declared).run();
}

constexpr FunctionEntry kFunctions[] = {{"my_store", 3, store_value, false}};

}  // namespace

std::span<const FunctionEntry> store_functions() {
  return kFunctions;
}

}  // namespace intercodesql
