#include "core/text/byte_level.h"

#include <algorithm>
#include <numeric>

namespace ipr::text {
namespace {

constexpr int kSymbols = 0x144;  // the largest code point of the alphabet is U+0143

constexpr bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<std::uint16_t, 256> make_code_points() {
  std::array<std::uint16_t, 256> points{};
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    points[byte] = static_cast<std::uint16_t>(stands_for_itself(byte) ? byte : next++);
  }
  return points;
}

constexpr std::array<std::uint16_t, 256> kCodePoint = make_code_points();

constexpr std::array<std::int16_t, kSymbols> make_bytes() {
  std::array<std::int16_t, kSymbols> bytes{};
  for (auto& byte : bytes) byte = -1;
  for (int byte = 0; byte < 256; ++byte) bytes[kCodePoint[byte]] = static_cast<std::int16_t>(byte);
  return bytes;
}

constexpr std::array<std::int16_t, kSymbols> kByte = make_bytes();

}  // namespace

std::string byte_symbol(std::uint8_t byte) {
  const unsigned point = kCodePoint[byte];
  if (point < 0x80) return std::string(1, static_cast<char>(point));
  return {static_cast<char>(0xC0 | (point >> 6)), static_cast<char>(0x80 | (point & 0x3F))};
}

std::array<std::uint8_t, 256> bytes_in_symbol_order() {
  std::array<std::uint8_t, 256> bytes{};
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  std::sort(bytes.begin(), bytes.end(), [](auto a, auto b) { return kCodePoint[a] < kCodePoint[b]; });
  return bytes;
}

std::string to_symbols(std::string_view bytes) {
  std::string symbols;
  symbols.reserve(bytes.size() * 2);
  for (const char byte : bytes) symbols += byte_symbol(static_cast<std::uint8_t>(byte));
  return symbols;
}

std::optional<std::string> from_symbols(std::string_view symbols) {
  std::string bytes;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    unsigned point = static_cast<unsigned char>(symbols[i]);
    if (point >= 0x80) {
      // Longer sequences than two bytes lie outside the alphabet; C4 and C5 are the last leads inside.
      if (point < 0xC2 || point > 0xC5 || i + 1 == symbols.size()) return std::nullopt;
      const unsigned trail = static_cast<unsigned char>(symbols[++i]);
      if ((trail & 0xC0) != 0x80) return std::nullopt;
      point = ((point & 0x1F) << 6) | (trail & 0x3F);
    }
    if (point >= kByte.size() || kByte[point] < 0) return std::nullopt;
    bytes += static_cast<char>(kByte[point]);
  }
  return bytes;
}

}  // namespace ipr::text
