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
    std::uint64_t word = 0;
    unsigned filled = 0;
    for (const char c : text) {
      word |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * filled);
      if (++filled == 8) {
        add(word);
        word = 0;
        filled = 0;
      }
    }
    add(word);
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  // The finalizer of splitmix64.
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  std::uint64_t state_ = 0x6a09e667f3bcc908ULL;
};

}  // namespace alfworld::engine
