// How alike two short texts are: token_set_ratio of thefuzz, exactly.
//
// Texts are reduced to sets of lower-case words; the score compares what they share with what is theirs alone, by the
// longest common subsequence. The shop calls two texts the same above 85. webshop.md section 8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace webshop {

// A text made ready for comparison: its distinct words, sorted. Empty if the text has no letter or digit; characters
// U+0080 to U+00FF do not count.
struct TokenSet {
  std::vector<std::u32string> words;
  // What rules most pairs out without a look at the words. The joined text is the words with single blanks between.
  std::size_t joined_length = 0;
  std::uint64_t characters = 0;  // bit c % 64 for every character c of the joined text
  std::uint64_t word_marks = 0;  // a bit for every word, the same in every set
};

[[nodiscard]] TokenSet token_set(std::string_view text);

// 0 to 100; 0 if either side is empty. Symmetric.
[[nodiscard]] int token_set_ratio(const TokenSet& a, const TokenSet& b);

// token_set_ratio(a, b) > 85, mostly decided by lengths and sets of characters.
[[nodiscard]] bool is_same(const TokenSet& a, const TokenSet& b);

}  // namespace webshop
