// Characters as numbers, and numbers in other bases.
#include "engine/functions_code.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <string>

#include "engine/text.h"

namespace intercodesql {
namespace {

void ascii(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const std::string_view text = call.text(0);
  call.result(static_cast<std::int64_t>(text.empty() ? 0 : static_cast<unsigned char>(text[0])));
}

// ORD: the bytes of the first character as one number.
void ord(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const std::string_view text = call.text(0);
  std::int64_t code = 0;
  for (const char byte : text.substr(0, byte_of_character(text, 1)))
    code = code * 256 + static_cast<unsigned char>(byte);
  call.result(code);
}

// CHAR(n, …): the bytes of the numbers.
void char_of(FunctionCall& call) {
  std::string bytes;
  for (int i = 0; i < call.count(); ++i) {
    if (call.is_null(i)) continue;
    const auto code = static_cast<std::uint32_t>(call.integer(i));
    for (int shift = 24; shift >= 0; shift -= 8) {
      if (shift == 0 || (code >> shift) != 0) bytes += static_cast<char>((code >> shift) & 0xFF);
    }
  }
  call.result_bytes(bytes);
}

void hex(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  std::string out;
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (call.storage(0) == SQLITE_INTEGER || call.storage(0) == SQLITE_FLOAT) {
    auto value = static_cast<std::uint64_t>(call.integer(0));
    do {
      out.insert(out.begin(), kDigits[value & 15]);
      value >>= 4;
    } while (value != 0);
    return call.result(out);
  }
  for (const char c : call.text(0)) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  call.result(out);
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
}

void unhex(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  std::string digits(call.text(0));
  if (digits.size() % 2 == 1) digits.insert(digits.begin(), '0');
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_of(digits[i]);
    const int low = digit_of(digits[i + 1]);
    if (high > 15 || low > 15) return call.null();
    bytes += static_cast<char>(high * 16 + low);
  }
  call.result_bytes(bytes);
}

// BIN and OCT: of 64 unsigned bits.
template <int kBase>
void in_base(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  std::array<char, 72> buffer{};
  const auto value = static_cast<std::uint64_t>(call.integer(0));
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, kBase);
  call.result(std::string_view(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())));
}

// CONV(number, from, to): a negative base means signed.
void conv(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::int64_t from = std::llabs(call.integer(1));
  const std::int64_t to = call.integer(2);
  if (from < 2 || from > 36 || std::llabs(to) < 2 || std::llabs(to) > 36) return call.null();
  std::string_view text = call.text(0);
  while (text.starts_with(' ')) text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::uint64_t value = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit >= from) break;
    if (__builtin_mul_overflow(value, static_cast<std::uint64_t>(from), &value) ||
        __builtin_add_overflow(value, static_cast<std::uint64_t>(digit), &value)) {
      value = UINT64_MAX;
      break;
    }
  }
  if (negative) value = 0 - value;
  std::array<char, 72> buffer{};
  const int base = static_cast<int>(std::llabs(to));
  const auto written =
      to < 0 ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<std::int64_t>(value), base)
             : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base);
  call.result(upper_text({buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())}));
}

constexpr FunctionEntry kFunctions[] = {
    {"my_ascii", 1, ascii}, {"my_ord", 1, ord},        {"my_char", -1, char_of},  {"my_hex", 1, hex},
    {"my_unhex", 1, unhex}, {"my_bin", 1, in_base<2>}, {"my_oct", 1, in_base<8>}, {"my_conv", 3, conv},
};

}  // namespace

std::span<const FunctionEntry> code_functions() {
  return kFunctions;
}

}  // namespace intercodesql
