#include "bounded_memory.h"

#include <cstdint>

#include "tests/support/catch.h"

namespace {

// Counts how many of its kind there are.
struct Counted {
  explicit Counted(std::uint64_t v) : value(v) { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  std::uint64_t value;
  static inline int alive = 0;
};
struct Spread {
  std::size_t operator()(std::uint64_t key) const { return key * 0x9E3779B97F4A7C15ull; }
};

}  // namespace

TEST_CASE("a bounded memory keeps at most its bound and gives what was asked for", "[webshop][memory]") {
  constexpr int kMost = 64;
  const webshop::BoundedMemory<std::uint64_t, Counted, Spread, kMost> memory;
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (std::uint64_t key = 0; key < 1000; ++key) {
      const auto value = memory.get(key, [&] { return std::make_shared<const Counted>(key * key); });
      if (value->value != key * key || Counted::alive > kMost + 1) FAIL("at key " << key);
    }
  }
  CHECK(Counted::alive > 0);
}

TEST_CASE("what is asked for again is not made again", "[webshop][memory]") {
  const webshop::BoundedMemory<std::uint64_t, Counted, Spread, 64> memory;
  int made = 0;
  const auto look = [&] { return memory.get(7, [&] { return ++made, std::make_shared<const Counted>(1); }); };
  CHECK(look() == look());
  CHECK(made == 1);
}
