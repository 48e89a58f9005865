#include "engine/text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

namespace intercodesql {
namespace {

struct CodePointRange {
  char32_t first, last;
};
// Every `step`-th code point of the range moves by `shift`.
struct Shift {
  char32_t first, last;
  std::uint8_t step;
  std::int32_t shift;
};

#include "engine/unicode_tables.inc"

constexpr char32_t kReplacement = 0xFFFD;

template <typename Table>
auto find_range(const Table& table, char32_t c) -> decltype(std::data(table)) {
  const auto* end = std::data(table) + std::size(table);
  const auto* found = std::partition_point(std::data(table), end, [c](const auto& range) { return range.last < c; });
  return found != end && found->first <= c ? found : nullptr;
}

template <typename Table>
char32_t shifted(const Table& table, char32_t c) {
  const Shift* range = find_range(table, c);
  if (range == nullptr || (c - range->first) % range->step != 0) return c;
  return static_cast<char32_t>(static_cast<std::int64_t>(c) + range->shift);
}

template <typename Table>
std::string with_case(std::string_view text, const Table& table) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    const char32_t c = next_code_point(text, pos);
    const char32_t mapped = shifted(table, c);
    if (mapped == c) {
      result += text.substr(start, pos - start);
    } else {
      append_utf8(mapped, result);
    }
  }
  return result;
}

std::vector<std::uint16_t> make_weights() {
  std::vector<std::uint16_t> weights(0x10000);
  for (char32_t c = 0; c < 0x10000; ++c) weights[c] = static_cast<std::uint16_t>(shifted(kWeight, c));
  return weights;
}

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& pos) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(pos++);
  if (lead < 0x80) return lead;
  const std::size_t extra = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || pos + extra > text.size()) return kReplacement;
  char32_t c = lead & (0x3Fu >> extra);
  for (std::size_t i = 0; i < extra; ++i) {
    if ((byte(pos + i) & 0xC0) != 0x80) return kReplacement;
    c = (c << 6) | (byte(pos + i) & 0x3Fu);
  }
  const bool overlong = (extra == 2 && c < 0x800) || (extra == 3 && c < 0x10000);
  if (overlong || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) return kReplacement;
  pos += extra;
  return c;
}

void append_utf8(char32_t c, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_utf8(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    if (static_cast<unsigned char>(text[pos]) < 0x80) {
      ++pos;
    } else if (next_code_point(text, pos) == kReplacement && pos - start == 1) {
      return false;
    }
  }
  return true;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size(); ++count) next_code_point(text, pos);
  return count;
}

std::size_t byte_of_character(std::string_view text, std::size_t index) {
  std::size_t pos = 0;
  for (; index > 0 && pos < text.size(); --index) next_code_point(text, pos);
  return pos;
}

std::string upper_text(std::string_view text) {
  return with_case(text, kUpper);
}

std::string lower_text(std::string_view text) {
  return with_case(text, kLower);
}

bool is_printable(char32_t c) {
  return c < 0x7F ? c >= 0x20 : find_range(kUnprintable, c) == nullptr;
}

char32_t general_ci_weight(char32_t c) {
  static const std::vector<std::uint16_t> weights = make_weights();
  return c < weights.size() ? weights[c] : kReplacement;
}

}  // namespace intercodesql
