#include "core/text/utf8.h"

#include <algorithm>

namespace ipr::text {
namespace {

constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};  // by length: below it a form is overlong

// By the first byte; 0: none begins so.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// The first `size` bytes of a character of `length` bytes, as far as they go; trailing bytes that lack count as
// `filler`.
std::uint32_t assemble(std::string_view text, std::size_t size, std::size_t length, std::uint32_t filler) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    point = (point << 6) | (i < size ? static_cast<unsigned char>(text[i]) & 0x3Fu : filler);
  }
  return point;
}

bool is_scalar(std::uint32_t point) {
  return point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
}

bool trails(std::string_view text, std::size_t end) {
  return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; });
}

}  // namespace

Utf8Char first_char(std::string_view text) {
  if (text.empty()) return {};
  const std::size_t length = length_of(static_cast<unsigned char>(text[0]));
  if (length == 0 || text.size() < length || !trails(text, length)) return {};
  const std::uint32_t point = assemble(text, length, length, 0);
  if (point < kLeast[length] || !is_scalar(point)) return {};
  return {point, length};
}

bool is_cut_char(std::string_view text) {
  if (text.empty()) return false;
  const std::size_t length = length_of(static_cast<unsigned char>(text[0]));
  if (length <= text.size() || !trails(text, text.size())) return false;
  // With the least and with the greatest bytes that can follow: is there a character between them? A surrogate's
  // second byte already tells.
  const std::uint32_t least = assemble(text, text.size(), length, 0);
  const std::uint32_t most = assemble(text, text.size(), length, 0x3F);
  return most >= kLeast[length] && least <= 0x10FFFF && (is_scalar(least) || is_scalar(most));
}

void append_char(std::uint32_t point, std::string& text) {
  const auto trail = [&](int shift) { text += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xC0 | (point >> 6));
    trail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xE0 | (point >> 12));
    trail(6);
    trail(0);
  } else {
    text += static_cast<char>(0xF0 | (point >> 18));
    trail(12);
    trail(6);
    trail(0);
  }
}

}  // namespace ipr::text
