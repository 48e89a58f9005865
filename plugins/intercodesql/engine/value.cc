#include "engine/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "engine/number_text.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

void append_hex(char32_t c, int digits, std::string& out) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[(c >> shift) & 15];
}

void append_escaped(char32_t c, std::string& out) {
  if (c == '\t') {
    out += "\\t";
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c < 0x100) {
    out += "\\x";
    append_hex(c, 2, out);
  } else if (c < 0x10000) {
    out += "\\u";
    append_hex(c, 4, out);
  } else {
    out += "\\U";
    append_hex(c, 8, out);
  }
}

char quote_for(std::string_view text) {
  return text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
}

void append_text(std::string_view text, std::string& out) {
  const char quote = quote_for(text);
  out += quote;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    const char32_t c = next_code_point(text, pos);
    if (c == '\\' || c == static_cast<unsigned char>(quote)) {
      out += '\\';
      out += static_cast<char>(c);
    } else if (is_printable(c)) {
      out += text.substr(start, pos - start);
    } else {
      append_escaped(c, out);
    }
  }
  out += quote;
}

void append_bytes(std::string_view bytes, std::string& out) {
  const char quote = quote_for(bytes);
  out += 'b';
  out += quote;
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (byte == '\\' || byte == quote) {
      out += '\\';
      out += byte;
    } else if (c >= 0x20 && c < 0x7F) {
      out += byte;
    } else {
      append_escaped(c, out);
    }
  }
  out += quote;
}

// The numbers of "2018-03-09 00:03:39.5", at most seven; the last one, behind a point, as microseconds.
struct Fields {
  std::array<int, 7> value{};
  std::size_t count = 0;
};

Fields read_fields(std::string_view text) {
  Fields fields;
  std::size_t pos = 0;
  while (pos < text.size() && fields.count < fields.value.size()) {
    const bool fraction = pos > 0 && text[pos - 1] == '.';
    int number = 0;
    const char* begin = text.data() + pos;
    const char* end = std::from_chars(begin, text.data() + text.size(), number).ptr;
    if (end == begin) break;
    if (fraction) {
      for (auto digits = end - begin; digits < 6; ++digits) number *= 10;
    }
    fields.value[fields.count++] = number;
    pos = static_cast<std::size_t>(end - text.data()) + 1;
  }
  return fields;
}

void append_date(std::string_view text, bool with_time, std::string& out) {
  const Fields fields = read_fields(text);
  const auto& [year, month, day, hour, minute, second, micro] = fields.value;
  if (year == 0 || month == 0 || day == 0) {
    out += "None";
    return;
  }
  const auto number = [&out](int value) { out += ", " + std::to_string(value); };
  out += with_time ? "datetime.datetime(" : "datetime.date(";
  out += std::to_string(year);
  number(month);
  number(day);
  if (with_time) {
    number(hour);
    number(minute);
    if (second != 0 || micro != 0) number(second);
    if (micro != 0) number(micro);
  }
  out += ')';
}

void append_time(std::string_view text, std::string& out) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto fraction = text.find('.');
  const Fields fields = read_fields(text.substr(0, fraction));
  std::int64_t micros = 0;
  if (fraction != std::string_view::npos) {
    std::string digits(text.substr(fraction + 1));
    digits.resize(6, '0');
    micros = std::atoi(digits.c_str());
  }
  micros += ((fields.value[0] * 60LL + fields.value[1]) * 60 + fields.value[2]) * 1000000;
  if (negative) micros = -micros;
  constexpr std::int64_t kDay = 86400000000;
  const std::int64_t days = micros / kDay - (micros % kDay < 0 ? 1 : 0);
  const std::int64_t rest = micros - days * kDay;
  std::string arguments;
  const auto argument = [&arguments](const char* name, std::int64_t value) {
    if (value != 0) arguments += (arguments.empty() ? "" : ", ") + std::string(name) + "=" + std::to_string(value);
  };
  argument("days", days);
  argument("seconds", rest / 1000000);
  argument("microseconds", rest % 1000000);
  out += "datetime.timedelta(" + (arguments.empty() ? "0" : arguments) + ")";
}

void append(const Value& value, std::string& out) {
  switch (value.kind) {
    case Value::Kind::kNull:
      out += "None";
      break;
    case Value::Kind::kInt: {
      std::array<char, 24> digits{};
      out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value.integer).ptr);
      break;
    }
    case Value::Kind::kUnsigned:
      out += std::to_string(static_cast<std::uint64_t>(value.integer));
      break;
    case Value::Kind::kDouble:
      out += python_double_text(value.real);
      break;
    case Value::Kind::kDecimal:
      out += "Decimal('" + value.text + "')";
      break;
    case Value::Kind::kText:
      append_text(value.text, out);
      break;
    case Value::Kind::kBytes:
      append_bytes(value.text, out);
      break;
    case Value::Kind::kDate:
      append_date(value.text, false, out);
      break;
    case Value::Kind::kDatetime:
      append_date(value.text, true, out);
      break;
    case Value::Kind::kTime:
      append_time(value.text, out);
      break;
  }
}

void append(const Row& row, std::string& out) {
  out += '(';
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += ", ";
    append(row[i], out);
  }
  out += row.size() == 1 ? ",)" : ")";
}

}  // namespace

bool Value::operator==(const Value& other) const {
  if (kind != other.kind) return false;
  switch (kind) {
    case Kind::kNull:
      return true;
    case Kind::kInt:
    case Kind::kUnsigned:
      return integer == other.integer;
    case Kind::kDouble:
      return real == other.real;
    default:
      return text == other.text;
  }
}

std::string python_text(const Value& value) {
  std::string out;
  append(value, out);
  return out;
}

std::string python_text(const Row& row) {
  std::string out;
  append(row, out);
  return out;
}

std::string python_text(const std::vector<Row>& rows) {
  std::string out = "[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) out += ", ";
    append(rows[i], out);
  }
  return out + "]";
}

}  // namespace intercodesql
