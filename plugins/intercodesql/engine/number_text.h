// Numbers as text and text as numbers, the way MySQL reads and writes them.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace intercodesql {

// The number a text begins with, after blanks; 0 if it begins with none. "12abc" is 12, ".5e1x" is 5.
[[nodiscard]] double leading_number(std::string_view text);
// Is all of `text`, but for blanks around it, one number?
[[nodiscard]] bool is_number_text(std::string_view text);

// A DOUBLE in a text context: the shortest digits that read back the same, without a point where there are no decimals,
// an exponent below 1e-14 and from 1e15: "1.5", "100", "1e15".
[[nodiscard]] std::string double_text(double value);
// Python's repr(float): "1.5", "100.0", "1e+16".
[[nodiscard]] std::string python_double_text(double value);

// A DECIMAL: exactly `scale` decimals of the shortest decimal of `value`, rounded half away from zero.
[[nodiscard]] std::string decimal_text(double value, int scale);
[[nodiscard]] std::string decimal_text(std::int64_t value, int scale);

// `value` to `scale` decimals (negative: to tens, hundreds …), half away from zero by its shortest decimal: ROUND of a
// DECIMAL.
[[nodiscard]] double round_decimal(double value, int scale);
// Half to even of the scaled double: ROUND of a DOUBLE.
[[nodiscard]] double round_double(double value, int scale);
// What a client reads of a FLOAT: six significant digits.
[[nodiscard]] double float_as_sent(double value);
// As stored in a FLOAT, or a FLOAT(M,D) with `scale` >= 0.
[[nodiscard]] double as_float(double value, int scale);

}  // namespace intercodesql
