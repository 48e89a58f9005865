// CPython's random.Random for integer seeds: the same numbers, in the same order.
//
// WebShop draws prices, price bounds, the goal order and its random pages from Python's generator, so session numbers
// and goldens can only be reproduced by repeating it: MT19937 (Matsumoto and Nishimura 1998, init_by_array) below and
// the drawing rules of CPython 3.9-3.12 above. One object is one stream; not thread-safe. webshop.md section 3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace webshop {

class PythonRandom {
 public:
  // random.seed(seed): the 32-bit words of `seed`, low word first, are the key.
  explicit PythonRandom(std::uint64_t seed) { this->seed(seed); }
  void seed(std::uint64_t seed);

  // Uniform in [0, 1) with 53 bits.
  double random();
  // `bits` random bits, 1 to 64.
  std::uint64_t getrandbits(int bits);
  // Uniform in [0, n) by rejection; n > 0.
  std::size_t randbelow(std::size_t n);
  // a + (b - a) * random(): may return b by rounding, as Python's.
  double uniform(double a, double b);

  // k positions of a population of n, without replacement; k <= n.
  std::vector<std::size_t> sample(std::size_t n, std::size_t k);
  // k positions of a population of n, with replacement; n > 0.
  std::vector<std::size_t> choices(std::size_t n, std::size_t k);

  // random.shuffle(items), in place.
  template <typename T>
  void shuffle(std::vector<T>& items) {
    using std::swap;
    for (std::size_t i = items.size(); i > 1; --i) swap(items[i - 1], items[randbelow(i)]);
  }

 private:
  std::uint32_t next_word();
  void refill();

  static constexpr std::size_t kWords = 624;
  std::array<std::uint32_t, kWords> state_{};
  std::size_t used_ = kWords;
};

}  // namespace webshop
