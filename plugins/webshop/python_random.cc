#include "python_random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_set>

namespace webshop {

void PythonRandom::seed(std::uint64_t seed) {
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  const std::size_t length = key[1] != 0 ? 2 : 1;
  state_[0] = 19650218;
  for (std::size_t i = 1; i < kWords; ++i) {
    state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + static_cast<std::uint32_t>(i);
  }
  // init_by_array of the reference generator: two passes over the state, mixing in the key and then the position.
  std::size_t i = 1;
  std::size_t j = 0;
  const auto advance = [&] {
    if (++i < kWords) return;
    state_[0] = state_[kWords - 1];
    i = 1;
  };
  for (std::size_t k = 0; k < kWords; ++k) {
    state_[i] =
        (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1664525u)) + key[j] + static_cast<std::uint32_t>(j);
    advance();
    j = (j + 1) % length;
  }
  for (std::size_t k = 1; k < kWords; ++k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1566083941u)) - static_cast<std::uint32_t>(i);
    advance();
  }
  state_[0] = 0x80000000u;
  used_ = kWords;
}

void PythonRandom::refill() {
  constexpr std::size_t kMiddle = 397;
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % kWords] & 0x7fffffffu);
    state_[i] = state_[(i + kMiddle) % kWords] ^ (y >> 1) ^ ((y & 1u) != 0 ? 0x9908b0dfu : 0u);
  }
  used_ = 0;
}

std::uint32_t PythonRandom::next_word() {
  if (used_ == kWords) refill();
  std::uint32_t y = state_[used_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

double PythonRandom::random() {
  const std::uint32_t high = next_word() >> 5;
  const std::uint32_t low = next_word() >> 6;
  return (high * 67108864.0 + low) * (1.0 / 9007199254740992.0);
}

std::uint64_t PythonRandom::getrandbits(int bits) {
  if (bits <= 32) return next_word() >> (32 - bits);
  const std::uint64_t low = next_word();
  return low | static_cast<std::uint64_t>(next_word() >> (64 - bits)) << 32;
}

std::size_t PythonRandom::randbelow(std::size_t n) {
  const int bits = static_cast<int>(std::bit_width(n));
  std::size_t drawn = getrandbits(bits);
  while (drawn >= n) drawn = getrandbits(bits);
  return drawn;
}

double PythonRandom::uniform(double a, double b) {
  return a + (b - a) * random();
}

std::vector<std::size_t> PythonRandom::sample(std::size_t n, std::size_t k) {
  // CPython keeps a pool for small populations and a set of positions for large ones; the two draw differently.
  double set_size = 21;
  if (k > 5) set_size += std::pow(4.0, std::ceil(std::log(static_cast<double>(3 * k)) / std::log(4.0)));
  std::vector<std::size_t> result(k);
  if (static_cast<double>(n) <= set_size) {
    std::vector<std::size_t> pool(n);
    std::iota(pool.begin(), pool.end(), std::size_t{0});
    for (std::size_t i = 0; i < k; ++i) {
      const std::size_t j = randbelow(n - i);
      result[i] = pool[j];
      pool[j] = pool[n - i - 1];
    }
    return result;
  }
  std::unordered_set<std::size_t> selected;
  for (std::size_t& position : result) {
    do {
      position = randbelow(n);
    } while (!selected.insert(position).second);
  }
  return result;
}

std::vector<std::size_t> PythonRandom::choices(std::size_t n, std::size_t k) {
  std::vector<std::size_t> result(k);
  for (std::size_t& position : result) {
    position = static_cast<std::size_t>(std::floor(random() * static_cast<double>(n)));
  }
  return result;
}

}  // namespace webshop
