#include "emit/emitter.h"
#include "engine/text.h"

namespace intercodesql {

std::string quoted_name(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + "\"";
}

// SQLite's text ends at a NUL, so one inside is written as bytes.
std::string quoted_text(std::string_view value) {
  if (value.find('\0') != std::string_view::npos) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string hex;
    for (const char c : value) {
      hex += kDigits[static_cast<unsigned char>(c) >> 4];
      hex += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return concat("CAST(x'", hex, "' AS TEXT)");
  }
  std::string text = "'";
  for (const char c : value) text.append(c == '\'' ? 2 : 1, c);
  return text + "'";
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  constexpr std::size_t kMost = 100;
  std::vector<std::string> groups;
  if (parts.size() > kMost) {
    for (std::size_t begin = 0; begin < parts.size(); begin += kMost) {
      const std::size_t end = std::min(begin + kMost, parts.size());
      const auto first = parts.begin() + static_cast<std::ptrdiff_t>(begin);
      groups.push_back(joined({first, first + static_cast<std::ptrdiff_t>(end - begin)}, between));
    }
    return joined(groups, between);
  }
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += between;
    text += part;
  }
  return concat("(", text, ")");
}

std::string as_text(const Typed& value) {
  switch (value.type.base) {
    case BaseType::kInt:
    case BaseType::kYear:
    case BaseType::kBit:
      return concat("CAST(", value.sql, " AS TEXT)");
    case BaseType::kDecimal:
      return concat("my_decimal_text(", value.sql, ", ", std::to_string(std::max(value.type.scale, 0)), ")");
    case BaseType::kDouble:
      if (value.type.scale < 0) return concat("my_double_text(", value.sql, ")");
      return concat("my_double_text(my_round_double(", value.sql, ", ", std::to_string(value.type.scale), "))");
    case BaseType::kFloat:
      if (value.type.scale < 0) return concat("my_float_text(", value.sql, ")");
      return concat("my_decimal_text(", value.sql, ", ", std::to_string(value.type.scale), ")");
    default:
      return value.sql;
  }
}

std::string as_number(const Typed& value) {
  if (is_text(value.type)) return concat("my_number(", value.sql, ")");
  if (is_temporal(value.type)) return concat("my_temporal_number(", value.sql, ")");
  return value.sql;
}

std::string as_condition(const Typed& value) {
  return as_number(value);
}

std::string as_type(const Typed& value, const Type& type) {
  if (value.type.base == BaseType::kNull || value.type.base == type.base) return value.sql;
  if (is_text(type)) return as_text(value);
  switch (type.base) {
    case BaseType::kDouble:
    case BaseType::kFloat:
      return concat("CAST(", as_number(value), " AS REAL)");
    case BaseType::kDatetime:
    case BaseType::kTimestamp:
      return concat("my_datetime(", value.sql, ", ", std::to_string(std::max(type.scale, 0)), ")");
    default:
      return value.sql;
  }
}

std::string collated(const Typed& value) {
  if (!is_text(value.type)) return value.sql;
  if (!value.type.is_binary) return value.sql + " COLLATE MYSQL";
  return value.sql + (value.type.base == BaseType::kBlob ? " COLLATE BINARY" : " COLLATE RTRIM");  // _bin pads
}

}  // namespace intercodesql
