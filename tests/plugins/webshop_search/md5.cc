#include "md5.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace webshop::test {
namespace {

using Block = std::array<std::uint32_t, 16>;
using Digest = std::array<std::uint32_t, 4>;

void mix_block(const Block& words, Digest& digest) {
  constexpr std::array<std::array<int, 4>, 4> kShifts = {
      {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};
  auto [a, b, c, d] = digest;
  for (std::uint32_t i = 0; i < 64; ++i) {
    std::uint32_t f = 0;
    std::uint32_t word = 0;
    switch (i / 16) {
      case 0:
        f = (b & c) | (~b & d);
        word = i;
        break;
      case 1:
        f = (d & b) | (~d & c);
        word = (5 * i + 1) % 16;
        break;
      case 2:
        f = b ^ c ^ d;
        word = (3 * i + 5) % 16;
        break;
      default:
        f = c ^ (b | ~d);
        word = (7 * i) % 16;
    }
    const auto sine = static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
    const std::uint32_t turned = std::rotl(a + f + sine + words[word], kShifts[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b += turned;
  }
  digest = {digest[0] + a, digest[1] + b, digest[2] + c, digest[3] + d};
}

}  // namespace

std::string md5_hex(std::string_view bytes) {
  std::string padded(bytes);
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  for (int shift = 0; shift < 64; shift += 8) padded += static_cast<char>((bytes.size() * 8) >> shift);
  Digest digest = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (std::size_t at = 0; at < padded.size(); at += 64) {
    Block words{};
    for (std::size_t i = 0; i < 64; ++i) {
      words[i / 4] |= static_cast<std::uint32_t>(static_cast<unsigned char>(padded[at + i])) << (8 * (i % 4));
    }
    mix_block(words, digest);
  }
  std::string hex;
  for (const std::uint32_t word : digest) {
    for (int i = 0; i < 8; ++i) hex += "0123456789abcdef"[(word >> (8 * (i / 2) + (i % 2 == 0 ? 4 : 0))) & 15];
  }
  return hex;
}

}  // namespace webshop::test
