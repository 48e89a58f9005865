#include "engine/digest.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace intercodesql {
namespace {

// The first `bits` bits of the fractional part of a prime's root: the constants of SHA-2, found by integer arithmetic.
__extension__ using Wide = unsigned __int128;

std::vector<int> primes(std::size_t count) {
  std::vector<int> found;
  for (int n = 2; found.size() < count; ++n) {
    bool prime = true;
    for (const int p : found) prime = prime && n % p != 0;
    if (prime) found.push_back(n);
  }
  return found;
}

// floor(p^(1/degree) · 2^64) mod 2^64, by bisection on exact products of 64-bit limbs.
class Limbs {
 public:
  explicit Limbs(Wide value) : words_{static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(value >> 64)} {}

  Limbs times(const Limbs& other) const {
    Limbs product(0);
    product.words_.assign(words_.size() + other.words_.size(), 0);
    for (std::size_t i = 0; i < words_.size(); ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < other.words_.size(); ++j) {
        const Wide sum = Wide{words_[i]} * other.words_[j] + product.words_[i + j] + carry;
        product.words_[i + j] = static_cast<std::uint64_t>(sum);
        carry = static_cast<std::uint64_t>(sum >> 64);
      }
      product.words_[i + other.words_.size()] = carry;
    }
    return product;
  }

  // Is this at most number · 2^(64 · words)?
  bool at_most(std::uint64_t number, std::size_t words) const {
    std::uint64_t whole = 0;
    for (std::size_t i = words; i < words_.size(); ++i) {
      if (i > words && words_[i] != 0) return false;
      if (i == words) whole = words_[i];
    }
    if (whole != number) return whole < number;
    for (std::size_t i = 0; i < words && i < words_.size(); ++i) {
      if (words_[i] != 0) return false;
    }
    return true;
  }

 private:
  std::vector<std::uint64_t> words_;
};

std::uint64_t root_fraction(int prime, int degree) {
  Wide root = 0;
  for (int bit = 68; bit >= 0; --bit) {
    const Wide candidate = root | (Wide{1} << bit);
    const Limbs base(candidate);
    Limbs power = base.times(base);
    if (degree == 3) power = power.times(base);
    if (power.at_most(static_cast<std::uint64_t>(prime), static_cast<std::size_t>(degree))) root = candidate;
  }
  return static_cast<std::uint64_t>(root);
}

template <typename Word>
std::string big_endian(const Word* words, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::size_t in_word = i % sizeof(Word);
    out += static_cast<char>(words[i / sizeof(Word)] >> (8 * (sizeof(Word) - 1 - in_word)));
  }
  return out;
}

// The text, a bit of 1, zeros, and its length in bits in the last bytes of a block.
std::string padded(std::string_view text, std::size_t block, bool big) {
  std::string out(text);
  out += '\x80';
  const std::size_t length_bytes = block / 8;
  while (out.size() % block != block - length_bytes) out += '\0';
  const std::uint64_t bits = static_cast<std::uint64_t>(text.size()) * 8;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    const std::size_t place = big ? length_bytes - 1 - i : i;
    out += place < 8 ? static_cast<char>(bits >> (8 * place)) : '\0';
  }
  return out;
}

template <typename Word>
Word read_big_endian(const char* bytes) {
  Word word = 0;
  for (std::size_t i = 0; i < sizeof(Word); ++i)
    word = static_cast<Word>((word << 8) | static_cast<unsigned char>(bytes[i]));
  return word;
}

struct Rotations {
  int big0[3], big1[3], small0[3], small1[3];  // the last of a small one is a shift
};

// FIPS 180-4, section 6: SHA-256 on 32-bit words, SHA-512 on 64-bit words.
template <typename Word, std::size_t kRounds>
std::array<Word, 8> sha2(std::string_view text, std::array<Word, 8> state, const Rotations& by) {
  static const std::array<Word, kRounds> constants = [] {
    std::array<Word, kRounds> made{};
    const std::vector<int> list = primes(kRounds);
    for (std::size_t i = 0; i < kRounds; ++i) {
      made[i] = static_cast<Word>(root_fraction(list[i], 3) >> (64 - 8 * sizeof(Word)));
    }
    return made;
  }();
  const auto big = [](Word x, const int* r) { return std::rotr(x, r[0]) ^ std::rotr(x, r[1]) ^ std::rotr(x, r[2]); };
  const auto small = [](Word x, const int* r) { return std::rotr(x, r[0]) ^ std::rotr(x, r[1]) ^ (x >> r[2]); };
  const std::string input = padded(text, 16 * sizeof(Word), true);
  for (std::size_t at = 0; at < input.size(); at += 16 * sizeof(Word)) {
    std::array<Word, kRounds> w{};
    for (std::size_t i = 0; i < 16; ++i) w[i] = read_big_endian<Word>(input.data() + at + i * sizeof(Word));
    for (std::size_t i = 16; i < kRounds; ++i) {
      w[i] = w[i - 16] + small(w[i - 15], by.small0) + w[i - 7] + small(w[i - 2], by.small1);
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t i = 0; i < kRounds; ++i) {
      const Word first = h + big(e, by.big1) + ((e & f) ^ (~e & g)) + constants[i] + w[i];
      const Word second = big(a, by.big0) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    const std::array<Word, 8> added = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += added[i];
  }
  return state;
}

// Fractions of the square roots of eight primes, from number `first` on.
template <typename Word>
std::array<Word, 8> initial_state(std::size_t first, int shift) {
  std::array<Word, 8> state{};
  const std::vector<int> list = primes(first + 8);
  for (std::size_t i = 0; i < 8; ++i) state[i] = static_cast<Word>(root_fraction(list[first + i], 2) >> shift);
  return state;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string md5(std::string_view text) {
  static constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  std::array<std::uint32_t, 4> state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  const std::string input = padded(text, 64, false);
  for (std::size_t at = 0; at < input.size(); at += 64) {
    auto [a, b, c, d] = state;
    for (std::uint32_t i = 0; i < 64; ++i) {
      std::uint32_t mixed = 0;
      std::uint32_t word = 0;
      switch (i / 16) {
        case 0:
          mixed = (b & c) | (~b & d);
          word = i;
          break;
        case 1:
          mixed = (d & b) | (~d & c);
          word = (5 * i + 1) % 16;
          break;
        case 2:
          mixed = b ^ c ^ d;
          word = (3 * i + 5) % 16;
          break;
        default:
          mixed = c ^ (b | ~d);
          word = 7 * i % 16;
      }
      std::uint32_t data = 0;
      for (std::size_t byte = 4; byte-- > 0;)
        data = (data << 8) | static_cast<unsigned char>(input[at + word * 4 + byte]);
      // RFC 1321: 2^32 · |sin(i + 1)|.
      const auto constant = static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
      const std::uint32_t sum = a + mixed + constant + data;
      a = d;
      d = c;
      c = b;
      b += std::rotl(sum, kShifts[i / 16][i % 4]);
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d};
  }
  std::string out;
  for (const std::uint32_t word : state) {
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(word >> shift);
  }
  return out;
}

std::string sha1(std::string_view text) {
  std::array<std::uint32_t, 5> state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const std::string input = padded(text, 64, true);
  for (std::size_t at = 0; at < input.size(); at += 64) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 16; ++i) w[i] = read_big_endian<std::uint32_t>(input.data() + at + i * 4);
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::uint32_t mixed = i < 20              ? (b & c) | (~b & d)
                                  : i < 40 || i >= 60 ? b ^ c ^ d
                                                      : (b & c) | (b & d) | (c & d);
      const std::uint32_t constant = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
      const std::uint32_t next = std::rotl(a, 5) + mixed + e + constant + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
  }
  return big_endian(state.data(), 20);
}

std::string sha256(std::string_view text, bool is_224) {
  constexpr Rotations kRotations = {{2, 13, 22}, {6, 11, 25}, {7, 18, 3}, {17, 19, 10}};
  // SHA-224 begins with the second halves of the next eight roots.
  const auto state = is_224 ? initial_state<std::uint32_t>(8, 0) : initial_state<std::uint32_t>(0, 32);
  return big_endian(sha2<std::uint32_t, 64>(text, state, kRotations).data(), is_224 ? 28 : 32);
}

std::string sha512(std::string_view text, bool is_384) {
  constexpr Rotations kRotations = {{28, 34, 39}, {14, 18, 41}, {1, 8, 7}, {19, 61, 6}};
  const auto state = initial_state<std::uint64_t>(is_384 ? 8 : 0, 0);
  return big_endian(sha2<std::uint64_t, 80>(text, state, kRotations).data(), is_384 ? 48 : 64);
}

std::string lower_hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  std::size_t line = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = (group << 8) | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    if (line == 76) {
      out += '\n';
      line = 0;
    }
    for (std::size_t j = 0; j < 4; ++j) out += i + j > bytes.size() ? '=' : kBase64[(group >> (18 - 6 * j)) & 63];
    line += 4;
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  std::uint32_t group = 0;
  int characters = 0;
  int fill = 0;
  for (const char c : text) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
    const std::size_t value = kBase64.find(c);
    if (c == '=') {
      ++fill;
    } else if (value == std::string_view::npos || fill > 0) {
      return std::nullopt;
    }
    group = (group << 6) | (c == '=' ? 0u : static_cast<std::uint32_t>(value));
    if (++characters % 4 != 0) continue;
    if (fill > 2) return std::nullopt;
    for (int byte = 0; byte < 3 - fill; ++byte) out += static_cast<char>(group >> (16 - 8 * byte));
    group = 0;
  }
  return characters % 4 == 0 ? std::optional(out) : std::nullopt;
}

}  // namespace intercodesql
