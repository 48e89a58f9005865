// Look-ups in the generated Unicode tables (unicode_tables.inc).
//
// Sorted, disjoint, inclusive ranges of code points, found by binary search. Private to this plugin's text code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace webshop::unicode {

struct CodePointRange {
  char32_t first, last;
};

struct LowerRange {
  char32_t first, last;
  std::uint8_t step;
  std::int32_t shift;
};

// Word_Break of Unicode 9 as far as the tokenizer needs it, then Han and Hiragana by script.
enum class WordClass : std::uint8_t {
  kOther,
  kLetter,
  kHebrew,
  kNumber,
  kKatakana,
  kMidLetter,    // joins two letters
  kMidNumber,    // joins two numbers
  kMidBoth,      // joins either
  kSingleQuote,  // as kMidBoth, and may end a Hebrew word
  kDoubleQuote,  // joins two Hebrew letters
  kJoiner,       // '_' and its like
  kFlag,         // regional indicator
  kExtend,       // belongs to the character before it
  kHan,
  kHiragana,
};

struct WordRange {
  char32_t first, last;
  WordClass word_class;
};

// The range of `table` that holds c, or nullptr.
template <typename Table>
auto find_range(const Table& table, char32_t c) -> decltype(std::data(table)) {
  const auto* end = std::data(table) + std::size(table);
  const auto* found = std::partition_point(std::data(table), end, [c](const auto& range) { return range.last < c; });
  return found != end && found->first <= c ? found : nullptr;
}

#include "unicode_tables.inc"

}  // namespace webshop::unicode
