#include "python_random.h"

#include <algorithm>
#include <numeric>

#include "tests/support/catch.h"

using namespace webshop;

TEST_CASE("a seed beyond 32 bits is a key of two words", "[webshop][random]") {
  // random.seed(2**40 + 7); random.random(), random.getrandbits(45)
  PythonRandom random((std::uint64_t{1} << 40) + 7);
  CHECK(random.random() == 0.6137037779936511);
  CHECK(random.getrandbits(45) == 33001733774005u);
}

TEST_CASE("a shuffle is a permutation, and depends on the seed alone", "[webshop][random]") {
  for (const std::size_t n : {0, 1, 2, 97, 1000}) {
    std::vector<std::size_t> items(n);
    std::iota(items.begin(), items.end(), std::size_t{0});
    const auto sorted = items;
    auto again = items;
    PythonRandom(n + 1).shuffle(items);
    PythonRandom(n + 1).shuffle(again);
    CHECK(items == again);
    CHECK(std::is_permutation(items.begin(), items.end(), sorted.begin()));
  }
}

TEST_CASE("a sample has distinct members, by pool and by set", "[webshop][random]") {
  PythonRandom random(5);
  for (const auto& [n, k] :
       std::vector<std::pair<std::size_t, std::size_t>>{{4, 2}, {21, 21}, {22, 5}, {1000, 50}, {60, 50}}) {
    auto drawn = random.sample(n, k);
    CHECK(drawn.size() == k);
    CHECK(*std::max_element(drawn.begin(), drawn.end()) < n);
    std::sort(drawn.begin(), drawn.end());
    CHECK(std::unique(drawn.begin(), drawn.end()) == drawn.end());
  }
}
