// A 64-bit hash that is the same on every machine. Against accidents, not against attackers.
#pragma once

#include <cstdint>
#include <string_view>

namespace alfworld::engine {

class Digest {
 public:
  void add(std::uint64_t value) { state_ = mix(state_ ^ mix(value + 0x9e3779b97f4a7c15ULL)); }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    for (; text.size() >= 8; text.remove_prefix(8)) add(word(text));
    if (!text.empty()) add(word(text));
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  // The first eight bytes, or what there is, the first the least.
  static std::uint64_t word(std::string_view text) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8 && i < text.size(); ++i) {
      word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
    }
    return word;
  }
  // The finalizer of splitmix64.
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  std::uint64_t state_ = 0x6a09e667f3bcc908ULL;
};

}  // namespace alfworld::engine
