#include "searched_text.h"

#include "python_random.h"
#include "tests/support/catch.h"

using namespace webshop;

TEST_CASE("a part is found exactly where one of the texts holds it", "[webshop][reward]") {
  PythonRandom random(22);
  const auto draw = [&random](std::size_t longest) {
    std::string text;
    for (std::size_t n = random.randbelow(longest + 1); n > 0; --n) text += "abc "[random.randbelow(4)];
    return text;
  };
  int found = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string title = draw(20), bullets = draw(60), description = draw(60), part = draw(5);
    const SearchedText texts = {title, bullets, description};
    const auto holds = [&part](const std::string& text) { return text.find(part) != std::string::npos; };
    CAPTURE(title, bullets, description, part);
    CHECK(texts.contains(part) == (holds(title) || holds(bullets) || holds(description)));
    found += texts.contains(part) ? 1 : 0;
  }
  CHECK(found > 500);
  CHECK(found < 2800);
}

TEST_CASE("a part that begins in one text and ends in the next is not found", "[webshop][reward]") {
  const SearchedText texts = {"soft cot", "ton shirt", ""};
  CHECK_FALSE(texts.contains("cotton"));
  CHECK(texts.contains("cot"));
  CHECK(texts.contains("ton shirt"));
  CHECK(texts.contains(""));
  CHECK_FALSE(SearchedText().contains("a"));
}
