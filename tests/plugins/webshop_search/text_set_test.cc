#include "text_set.h"

#include <algorithm>
#include <set>

#include "python_random.h"
#include "tests/support/catch.h"

using namespace webshop;

TEST_CASE("two sets share as many texts as comparing all of them finds", "[webshop][reward]") {
  PythonRandom random(21);
  for (int round = 0; round < 200; ++round) {
    const auto draw = [&random] {
      std::vector<std::string> texts;
      for (std::size_t n = random.randbelow(12); n > 0; --n)
        texts.push_back("word" + std::to_string(random.randbelow(15)));
      return texts;
    };
    const auto a = draw(), b = draw();
    const std::set<std::string> other(b.begin(), b.end());
    const std::set<std::string> own(a.begin(), a.end());
    const auto expected = std::count_if(own.begin(), own.end(), [&](const auto& text) { return other.contains(text); });
    CHECK(count_common(TextSet(a), TextSet(b)) == static_cast<std::size_t>(expected));
  }
  CHECK(count_common(TextSet(), TextSet({"a"})) == 0);
  CHECK(count_common(TextSet({"a", "a", ""}), TextSet({"", "a"})) == 2);
}
