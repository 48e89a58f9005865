#include "fuzzy.h"

#include <algorithm>
#include <cmath>

#include "colors.h"
#include "python_random.h"
#include "tests/support/catch.h"

using namespace webshop;

namespace {

std::string random_text(PythonRandom& random, std::size_t max_words, std::size_t max_length) {
  std::string text;
  for (std::size_t words = random.randbelow(max_words + 1); words > 0; --words) {
    for (std::size_t n = 1 + random.randbelow(max_length); n > 0; --n)
      text += static_cast<char>('a' + random.randbelow(3));
    text += ' ';
  }
  return text;
}

std::size_t plain_lcs(const std::u32string& a, const std::u32string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (const char32_t c : a) {
    std::size_t diagonal = 0;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = c == b[j - 1] ? diagonal + 1 : std::max(above, row[j - 1]);
      diagonal = above;
    }
  }
  return row.back();
}

std::u32string join(const std::vector<std::u32string>& words) {
  std::u32string text;
  for (const auto& word : words) text += (text.empty() ? U"" : U" ") + word;
  return text;
}

int plain_ratio(const std::u32string& a, const std::u32string& b) {
  const double sum = static_cast<double>(a.size() + b.size());
  return static_cast<int>(std::nearbyint(100 - 100 * (sum - 2.0 * static_cast<double>(plain_lcs(a, b))) / sum));
}

// The rule of webshop.md section 8, word for word.
int plain_token_set_ratio(const TokenSet& a, const TokenSet& b) {
  if (a.words.empty() || b.words.empty()) return 0;
  std::vector<std::u32string> shared, full_a, full_b;
  const auto has = [](const TokenSet& set, const auto& word) {
    return std::find(set.words.begin(), set.words.end(), word) != set.words.end();
  };
  for (const auto& word : a.words) {
    if (has(b, word)) shared.push_back(word);
  }
  full_a = full_b = shared;
  for (const auto& word : a.words) {
    if (!has(b, word)) full_a.push_back(word);
  }
  for (const auto& word : b.words) {
    if (!has(a, word)) full_b.push_back(word);
  }
  if (!shared.empty() && (full_a == shared || full_b == shared)) return 100;
  const int both = plain_ratio(join(full_a), join(full_b));
  if (shared.empty()) return both;
  return std::max({both, plain_ratio(join(shared), join(full_a)), plain_ratio(join(shared), join(full_b))});
}

}  // namespace

TEST_CASE("the bit-parallel score equals the rule computed plainly", "[webshop][fuzzy]") {
  PythonRandom random(11);
  for (int i = 0; i < 3000; ++i) {
    const bool is_long = i % 10 == 0;
    const auto a = token_set(random_text(random, is_long ? 25 : 5, is_long ? 12 : 5));
    const auto b = token_set(random_text(random, is_long ? 25 : 5, is_long ? 12 : 5));
    const int score = token_set_ratio(a, b);
    CAPTURE(i);
    CHECK(score == plain_token_set_ratio(a, b));
    CHECK(score == token_set_ratio(b, a));
    CHECK(is_same(a, b) == (score > 85));
  }
}

TEST_CASE("texts that differ by a few letters are the same exactly where the rule says so", "[webshop][fuzzy]") {
  PythonRandom random(12);
  int same = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string text;
    for (std::size_t n = 1 + random.randbelow(30); n > 0; --n)
      text += "abcdefghijklmnopqrstuvwxyz    "[random.randbelow(30)];
    std::string other = text;
    for (std::size_t edits = random.randbelow(5); edits > 0 && !other.empty(); --edits) {
      const std::size_t at = random.randbelow(other.size());
      if (random.randbelow(2) == 0) {
        other[at] = static_cast<char>('a' + random.randbelow(26));
      } else {
        other.erase(at, 1);
      }
    }
    const auto a = token_set(text), b = token_set(other);
    CAPTURE(text, other);
    CHECK(is_same(a, b) == (plain_token_set_ratio(a, b) > 85));
    CHECK(is_same(a, b) == is_same(b, a));
    same += is_same(a, b) ? 1 : 0;
  }
  CHECK(same > 500);
  CHECK(same < 3500);
}

TEST_CASE("texts are reduced to lower-case words without Latin-1", "[webshop][fuzzy]") {
  CHECK(token_set("Café_NOIR  (2-Pack)").words == std::vector<std::u32string>{U"2", U"caf", U"noir", U"pack"});
  CHECK(token_set("b a b").words == std::vector<std::u32string>{U"a", U"b"});
  CHECK(token_set("漢字é½").words == std::vector<std::u32string>{U"漢字"});
  CHECK(token_set_ratio(token_set(""), token_set("")) == 0);
  CHECK(token_set_ratio(token_set("--"), token_set("a")) == 0);
}

TEST_CASE("the first colour of the list stands for the value", "[webshop][fuzzy]") {
  CHECK(normalize_color("standard") == "tan");
  CHECK(normalize_color("layered") == "red");
  CHECK(normalize_color("dark navy blue") == "blue");
  CHECK(normalize_color("xx-large") == "xx-large");
  CHECK(normalize_named_option("color", "blue") == "blue");
  CHECK(normalize_named_option("color", "navy blue") == "('color', 'navy blue')");
}
