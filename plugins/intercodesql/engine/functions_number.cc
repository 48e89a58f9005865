#include "engine/functions_number.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <string>

#include "engine/number_text.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

bool is_integer(const FunctionCall& call, int i) {
  return call.storage(i) == SQLITE_INTEGER;
}

void out_of_range(FunctionCall& call, std::string_view type, const std::string& expression) {
  call.error(1690, concat(type, " value is out of range in '", expression, "'"));
}

// my_number(x): a text as the number it begins with, a number as it is.
void number(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  if (call.storage(0) == SQLITE_INTEGER || call.storage(0) == SQLITE_FLOAT) return call.result_argument(0);
  call.result(call.number(0));
}

// my_decimal(x, scale).
void decimal(FunctionCall& call) {
  if (call.any_null()) return call.null();
  if (is_integer(call, 0)) return call.result_argument(0);
  const auto scale = static_cast<int>(std::clamp<std::int64_t>(call.integer(1), 0, 30));
  call.result(round_decimal(call.number(0), scale));
}

// my_integer(x): CAST AS SIGNED. A number is rounded, of a text its leading digits count.
void integer(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  if (call.storage(0) != SQLITE_TEXT) return call.result(call.integer(0));
  call.result(std::int64_t{std::strtoll(std::string(call.text(0)).c_str(), nullptr, 10)});
}

void unsigned_integer(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  if (call.storage(0) == SQLITE_FLOAT && call.number(0) >= 9.2e18) {
    return call.result(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(std::min(call.number(0), 1.8446744073709550e19))));
  }
  if (call.storage(0) != SQLITE_TEXT) return call.result(call.integer(0));
  const std::string text(call.text(0));
  const bool negative = text.find('-') < text.find_first_of("0123456789");
  call.result(negative ? std::int64_t{std::strtoll(text.c_str(), nullptr, 10)}
                       : static_cast<std::int64_t>(std::strtoull(text.c_str(), nullptr, 10)));
}

void single_precision(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  call.result(as_float(call.number(0), -1));
}

// a / b without rounding; NULL for b = 0.
void divide(FunctionCall& call) {
  if (call.any_null() || call.number(1) == 0) return call.null();
  call.result(call.number(0) / call.number(1));
}

// a DIV b: towards zero.
void integer_divide(FunctionCall& call) {
  if (call.any_null() || call.number(1) == 0) return call.null();
  if (is_integer(call, 0) && is_integer(call, 1)) {
    if (call.integer(1) == -1 && call.integer(0) == std::numeric_limits<std::int64_t>::min()) {
      return out_of_range(call, "BIGINT", concat("(", call.text(0), " DIV -1)"));
    }
    return call.result(call.integer(0) / call.integer(1));
  }
  const double quotient = std::trunc(round_decimal(call.number(0) / call.number(1), 9));
  if (std::fabs(quotient) >= 9.3e18) return out_of_range(call, "BIGINT", "(a DIV b)");
  call.result(static_cast<std::int64_t>(quotient));
}

// a MOD b with the sign of a.
void modulo(FunctionCall& call) {
  if (call.any_null() || call.number(1) == 0) return call.null();
  if (is_integer(call, 0) && is_integer(call, 1)) {
    if (call.integer(1) == -1) return call.result(std::int64_t{0});
    return call.result(call.integer(0) % call.integer(1));
  }
  call.result(round_decimal(std::fmod(call.number(0), call.number(1)), 15));
}

void absolute(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  if (!is_integer(call, 0)) return call.result(std::fabs(call.number(0)));
  if (call.integer(0) == std::numeric_limits<std::int64_t>::min()) {
    return out_of_range(call, "BIGINT", concat("abs(", call.text(0), ")"));
  }
  call.result(std::int64_t{std::llabs(call.integer(0))});
}

void whole(FunctionCall& call, double value) {
  if (std::fabs(value) < 9.2e18) {
    call.result(static_cast<std::int64_t>(value));
  } else {
    call.result(value);
  }
}

void ceiling(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  is_integer(call, 0) ? call.result_argument(0) : whole(call, std::ceil(call.number(0)));
}

void floor_of(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  is_integer(call, 0) ? call.result_argument(0) : whole(call, std::floor(call.number(0)));
}

int decimals_of(const FunctionCall& call, int i) {
  return i < call.count() ? static_cast<int>(std::clamp<std::int64_t>(call.integer(i), -100, 30)) : 0;
}

void round_integer(FunctionCall& call, int decimals) {
  if (decimals >= 0) return call.result_argument(0);
  if (decimals < -18) return call.result(std::int64_t{0});
  std::int64_t unit = 1;
  for (; decimals < 0; ++decimals) unit *= 10;
  const std::int64_t value = call.integer(0);
  const std::int64_t rest = value % unit;
  const std::int64_t down = value - rest;
  call.result(std::llabs(rest) * 2 >= unit ? down + (value < 0 ? -unit : unit) : down);
}

// my_round_decimal(x [, decimals]): half away from zero. my_round_double: half to even of the scaled double.
template <bool kDecimal>
void round_to(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const int decimals = decimals_of(call, 1);
  if (is_integer(call, 0)) return round_integer(call, decimals);
  call.result(kDecimal ? round_decimal(call.number(0), decimals) : round_double(call.number(0), decimals));
}

void truncate(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const int decimals = decimals_of(call, 1);
  if (is_integer(call, 0) && decimals >= 0) return call.result_argument(0);
  const double power = std::pow(10.0, std::abs(decimals));
  const double value = call.number(0);
  const double cut =
      decimals >= 0 ? std::trunc(round_decimal(value * power, 6)) / power : std::trunc(value / power) * power;
  is_integer(call, 0) ? call.result(static_cast<std::int64_t>(cut)) : call.result(cut);
}

void sign(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const double value = call.number(0);
  call.result(static_cast<std::int64_t>(value > 0 ? 1 : value < 0 ? -1 : 0));
}

void power(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const double value = std::pow(call.number(0), call.number(1));
  if (!std::isfinite(value)) {
    return out_of_range(call, "DOUBLE", concat("pow(", call.text(0), ",", call.text(1), ")"));
  }
  call.result(value);
}

template <double (*kFunction)(double)>
void real_function(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  call.result(kFunction(call.number(0)));
}

// LOG(x) and LOG(base, x); NULL where there is none.
void logarithm(FunctionCall& call) {
  if (call.any_null()) return call.null();
  if (call.count() == 1) return call.number(0) > 0 ? call.result(std::log(call.number(0))) : call.null();
  const double base = call.number(0);
  if (base <= 0 || base == 1 || call.number(1) <= 0) return call.null();
  call.result(std::log(call.number(1)) / std::log(base));
}

template <double (*kFunction)(double)>
void positive_function(FunctionCall& call) {
  if (call.is_null(0) || call.number(0) <= 0) return call.null();
  call.result(kFunction(call.number(0)));
}

void arc_tangent(FunctionCall& call) {
  if (call.any_null()) return call.null();
  call.result(call.count() == 1 ? std::atan(call.number(0)) : std::atan2(call.number(0), call.number(1)));
}

void pi(FunctionCall& call) {
  call.result(std::numbers::pi);
}

double to_degrees(double value) {
  return value * 180 / std::numbers::pi;
}
double to_radians(double value) {
  return value * std::numbers::pi / 180;
}
double cotangent(double value) {
  return 1 / std::tan(value);
}
double sine(double value) {
  return std::sin(value);
}
double cosine(double value) {
  return std::cos(value);
}
double tangent(double value) {
  return std::tan(value);
}
double arc_sine(double value) {
  return std::asin(value);
}
double arc_cosine(double value) {
  return std::acos(value);
}
double exponential(double value) {
  return std::exp(value);
}
double root(double value) {
  return std::sqrt(value);
}
double natural_log(double value) {
  return std::log(value);
}
double binary_log(double value) {
  return std::log2(value);
}
double decimal_log(double value) {
  return std::log10(value);
}

void crc32(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  std::uint32_t sum = 0xFFFFFFFF;
  for (const char c : call.text(0)) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xEDB88320u : 0);
  }
  call.result(static_cast<std::int64_t>(~sum));
}

// Bits are unsigned 64-bit numbers in MySQL.
std::uint64_t bits(const FunctionCall& call, int i) {
  return static_cast<std::uint64_t>(call.integer(i));
}

void bit_xor(FunctionCall& call) {
  if (call.any_null()) return call.null();
  call.result(static_cast<std::int64_t>(bits(call, 0) ^ bits(call, 1)));
}

void bit_count(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  call.result(std::int64_t{__builtin_popcountll(bits(call, 0))});
}

template <bool kLeft>
void shift(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::uint64_t by = bits(call, 1);
  if (by >= 64) return call.result(std::int64_t{0});
  call.result(static_cast<std::int64_t>(kLeft ? bits(call, 0) << by : bits(call, 0) >> by));
}

constexpr FunctionEntry kFunctions[] = {
    {"my_number", 1, number},
    {"my_decimal", 2, decimal},
    {"my_integer", 1, integer},
    {"my_unsigned", 1, unsigned_integer},
    {"my_float", 1, single_precision},
    {"my_divide", 2, divide},
    {"my_integer_divide", 2, integer_divide},
    {"my_modulo", 2, modulo},
    {"my_abs", 1, absolute},
    {"my_ceiling", 1, ceiling},
    {"my_floor", 1, floor_of},
    {"my_round_decimal", -1, round_to<true>},
    {"my_round_double", -1, round_to<false>},
    {"my_truncate", 2, truncate},
    {"my_sign", 1, sign},
    {"my_power", 2, power},
    {"my_sqrt", 1, real_function<root>},
    {"my_exp", 1, real_function<exponential>},
    {"my_log", -1, logarithm},
    {"my_ln", 1, positive_function<natural_log>},
    {"my_log2", 1, positive_function<binary_log>},
    {"my_log10", 1, positive_function<decimal_log>},
    {"my_sin", 1, real_function<sine>},
    {"my_cos", 1, real_function<cosine>},
    {"my_tan", 1, real_function<tangent>},
    {"my_cot", 1, real_function<cotangent>},
    {"my_asin", 1, real_function<arc_sine>},
    {"my_acos", 1, real_function<arc_cosine>},
    {"my_atan", -1, arc_tangent},
    {"my_degrees", 1, real_function<to_degrees>},
    {"my_radians", 1, real_function<to_radians>},
    {"my_pi", 0, pi},
    {"my_crc32", 1, crc32},
    {"my_bit_xor", 2, bit_xor},
    {"my_bit_count", 1, bit_count},
    {"my_shift_left", 2, shift<true>},
    {"my_shift_right", 2, shift<false>},
};

}  // namespace

std::span<const FunctionEntry> number_functions() {
  return kFunctions;
}

}  // namespace intercodesql
