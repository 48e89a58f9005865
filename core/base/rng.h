// Seeded random numbers, the same on every machine. One stream per named thing; never a global generator.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/hash.h"
#include "ipr/plugin.h"

namespace ipr {

// Mixes any number of values into a seed, in order: mix(run_seed, iteration, fnv1a64(task), sample).
constexpr std::uint64_t mix(std::uint64_t seed) {
  return seed;
}
template <typename... Rest>
std::uint64_t mix(std::uint64_t seed, std::uint64_t next, Rest... rest) {
  return mix(ipr_mix64(seed, next), rest...);
}

// SplitMix64: tiny, passes BigCrush, and each seed is its own stream.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  // [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // [0, n), n > 0; by multiplication, the bias of 2^-64 n is far below anything measured here.
  std::uint64_t below(std::uint64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
  }
  // Fisher-Yates.
  template <typename Vector>
  void shuffle(Vector& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }
  [[nodiscard]] std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace ipr
