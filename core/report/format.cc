#include "core/report/format.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace ipr::report {
namespace {

std::string convert(double value, std::chars_format format, int digits) {
  char buffer[512];  // fixed notation of the largest double has 309 digits
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format, digits).ptr;
  return {buffer, end};
}

}  // namespace

std::string fixed(double value, int digits) {
  std::string text = convert(value, std::chars_format::fixed, digits);
  if (text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);  // no "-0.000"
  return text;
}

std::string with_sign(double value, int digits) {
  const std::string text = fixed(value, digits);
  return text[0] == '-' ? text : "+" + text;
}

std::string bracket(const std::optional<Interval>& interval, bool sign) {
  if (!interval) return {};
  const auto number = [&](double value) { return sign ? with_sign(value) : fixed(value); };
  std::string text = "[";
  return text.append(number(interval->low)).append(", ").append(number(interval->high)).append("]");
}

std::string in_points(double reward, const std::optional<Interval>& interval) {
  const std::string points = fixed(100 * reward, 1);
  return interval ? points + " ±" + fixed(100 * (interval->high - interval->low) / 2, 1) : points;
}

std::string p_value(double p) {
  return p < 0.001 ? "<0.001" : fixed(p);
}

std::string grouped(std::int64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool inside = i > 0 && digits[i - 1] != '-';
    if (inside && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  return fixed(value, size < 10 ? 2 : size < 100 ? 1 : 0);
}

std::string general(double value, int digits) {
  return value == 0 ? "0" : convert(value, std::chars_format::general, digits);
}

}  // namespace ipr::report
