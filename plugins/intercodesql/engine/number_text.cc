#include "engine/number_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include "engine/text.h"

namespace intercodesql {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::size_t skip_blanks(std::string_view text, std::size_t pos) {
  while (pos < text.size() && is_blank(text[pos])) ++pos;
  return pos;
}

std::size_t skip_digits(std::string_view text, std::size_t pos) {
  while (pos < text.size() && is_digit(text[pos])) ++pos;
  return pos;
}

// End of the number that starts at `begin`; `begin` itself if there is none.
std::size_t number_end(std::string_view text, std::size_t begin) {
  std::size_t pos = begin;
  if (pos < text.size() && (text[pos] == '+' || text[pos] == '-')) ++pos;
  const std::size_t whole = pos;
  pos = skip_digits(text, pos);
  std::size_t digits = pos - whole;
  if (pos < text.size() && text[pos] == '.') {
    const std::size_t end = skip_digits(text, pos + 1);
    digits += end - pos - 1;
    pos = end;
  }
  if (digits == 0) return begin;
  if (pos < text.size() && (text[pos] == 'e' || text[pos] == 'E')) {
    std::size_t exponent = pos + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    const std::size_t end = skip_digits(text, exponent);
    if (end > exponent) pos = end;
  }
  return pos;
}

// value = ± 0.d1d2d3… × 10^point; no digits for zero.
struct Digits {
  bool negative = false;
  std::string digits;
  int point = 0;
};

Digits shortest_digits(double value) {
  std::array<char, 40> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  Digits result;
  if (text.front() == '-') {
    result.negative = true;
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (c != '.') result.digits += c;
  }
  int exponent = 0;
  const std::size_t exponent_begin = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + exponent_begin, text.data() + text.size(), exponent);
  while (!result.digits.empty() && result.digits.back() == '0') result.digits.pop_back();
  result.point = result.digits.empty() ? 0 : exponent + 1;
  return result;
}

// Keeps `scale` digits behind the point.
void round_half_away(Digits& number, int scale) {
  const long kept = static_cast<long>(number.point) + scale;
  if (kept >= static_cast<long>(number.digits.size())) return;
  const bool up = kept >= 0 && number.digits[static_cast<std::size_t>(kept)] >= '5';
  number.digits.resize(kept > 0 ? static_cast<std::size_t>(kept) : 0);
  if (up) {
    std::size_t i = number.digits.size();
    while (i > 0 && number.digits[i - 1] == '9') number.digits[--i] = '0';
    if (i > 0) {
      ++number.digits[i - 1];
    } else {
      number.digits.insert(number.digits.begin(), '1');
      ++number.point;
    }
  }
  while (!number.digits.empty() && number.digits.back() == '0') number.digits.pop_back();
  if (number.digits.empty()) number.point = 0;
}

// Plain notation with at least `scale` decimals.
std::string plain_text(const Digits& number, int scale) {
  std::string text;
  if (number.negative && !number.digits.empty()) text += '-';
  const int count = static_cast<int>(number.digits.size());
  if (number.point <= 0) text += '0';
  for (int i = 0; i < number.point; ++i) text += i < count ? number.digits[static_cast<std::size_t>(i)] : '0';
  const int decimals = std::max(scale, count - number.point);
  if (decimals <= 0) return text;
  text += '.';
  for (int i = number.point; i < number.point + decimals; ++i) {
    text += i >= 0 && i < count ? number.digits[static_cast<std::size_t>(i)] : '0';
  }
  return text;
}

std::string exponent_text(const Digits& number, bool python) {
  std::string text = number.negative ? "-" : "";
  text += number.digits[0];
  if (number.digits.size() > 1) text += concat(".", std::string_view(number.digits).substr(1));
  const int exponent = number.point - 1;
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), python ? "e%+03d" : "e%d", exponent);
  return text + buffer.data();
}

double read_digits(const Digits& number) {
  if (number.digits.empty()) return 0;
  const std::string text = (number.negative ? "-0." : "0.") + number.digits + "e" + std::to_string(number.point);
  return std::strtod(text.c_str(), nullptr);
}

}  // namespace

double leading_number(std::string_view text) {
  const std::size_t begin = skip_blanks(text, 0);
  const std::size_t end = number_end(text, begin);
  if (end == begin) return 0;
  const double value = std::strtod(std::string(text.substr(begin, end - begin)).c_str(), nullptr);
  // MySQL stops at the largest double.
  if (std::isinf(value)) return std::copysign(std::numeric_limits<double>::max(), value);
  return value;
}

bool is_number_text(std::string_view text) {
  const std::size_t begin = skip_blanks(text, 0);
  const std::size_t end = number_end(text, begin);
  return end > begin && skip_blanks(text, end) == text.size();
}

std::string double_text(double value) {
  const Digits number = shortest_digits(value);
  if (number.digits.empty()) return "0";
  if (number.point < -14 || number.point > 15) return exponent_text(number, false);
  return plain_text(number, 0);
}

std::string python_double_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const Digits number = shortest_digits(value);
  if (number.digits.empty()) return std::signbit(value) ? "-0.0" : "0.0";
  if (number.point - 1 < -4 || number.point - 1 >= 16) return exponent_text(number, true);
  return plain_text(number, 1);
}

std::string decimal_text(double value, int scale) {
  Digits number = shortest_digits(value);
  round_half_away(number, scale);
  return plain_text(number, scale);
}

std::string decimal_text(std::int64_t value, int scale) {
  std::string text = std::to_string(value);
  if (scale > 0) text += concat(".", std::string(static_cast<std::size_t>(scale), '0'));
  return text;
}

double round_decimal(double value, int scale) {
  if (!std::isfinite(value)) return value;
  Digits number = shortest_digits(value);
  round_half_away(number, scale);
  return read_digits(number);
}

double round_double(double value, int scale) {
  const double power = std::pow(10.0, std::abs(scale));
  if (!std::isfinite(power)) return scale > 0 ? value : 0;
  if (scale < 0) return std::rint(value / power) * power;
  const double scaled = value * power;
  return std::isfinite(scaled) ? std::rint(scaled) / power : value;
}

double float_as_sent(double value) {
  std::array<char, 40> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.6g", value);
  return std::strtod(buffer.data(), nullptr);
}

double as_float(double value, int scale) {
  if (scale >= 0) value = round_double(value, scale);
  return static_cast<double>(static_cast<float>(value));
}

}  // namespace intercodesql
