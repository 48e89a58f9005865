#include "ipr/draws.hpp"

#include <cstdint>
#include <vector>

#include "tests/support/catch.h"

using ipr::sdk::Draws;

TEST_CASE("draws are the same numbers on every machine", "[abi][draws]") {
  const Draws draws(1, "7");
  CHECK(draws.bits("first hit") == UINT64_C(7375449607359467109));
  CHECK(draws.uniform("first hit") == Approx(0.3998239244));
  const Draws other(1, "train:7");
  CHECK(other.bits("habit", 1) == UINT64_C(0x80879eface78aefe));
  CHECK(other.below(10, "habit") == 2);
  std::vector<int> items = {0, 1, 2, 3, 4, 5, 6, 7};
  other.shuffle(items, "order");
  CHECK(items == std::vector<int>{4, 0, 2, 3, 1, 6, 7, 5});
}

TEST_CASE("a draw depends on seed, key, name and index, and on nothing drawn before", "[abi][draws]") {
  const Draws draws(1, "7");
  const std::uint64_t first = draws.bits("first hit");
  CHECK(draws.bits("first hit", 0) == first);
  CHECK(draws.bits("first hit", 1) != first);
  CHECK(draws.bits("second hit") != first);
  CHECK(Draws(1, "8").bits("first hit") != first);
  CHECK(Draws(2, "7").bits("first hit") != first);
  CHECK(draws.bits("first hit") == first);
}
