// MySQL 8's keywords.
//
// A Word is a position in the table of them; `Word("SELECT")` is looked up when the code is compiled, so a misspelt
// keyword does not build and a comparison costs one integer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace intercodesql::mysql {

enum class WordClass : std::uint8_t {
  kReserved,  // never a name, unless quoted or beside a dot
  kFree,      // a keyword where the grammar asks for it, else a name
  kFunction,  // a keyword only if "(" follows at once; COUNT (*) with a blank is a syntax error
};

struct WordEntry {
  std::string_view text;  // upper case
  WordClass word_class;
};

// Sorted by text.
inline constexpr WordEntry kWords[] = {
#define R(word) {#word, WordClass::kReserved},
#define N(word) {#word, WordClass::kFree},
#define F(word) {#word, WordClass::kFunction},
#include "mysql/words.inc"
#undef R
#undef N
#undef F
};

class Word {
 public:
  constexpr Word() = default;  // no keyword
  // NOLINTNEXTLINE(google-explicit-constructor): `accept("FROM")` is what makes the parser readable.
  consteval Word(const char* text) : index_(find_at_compile_time(text)) {}

  // Of a name in upper case; no keyword if the table lacks it.
  static Word find(std::string_view upper);

  [[nodiscard]] constexpr bool is_keyword() const { return index_ != kNone; }
  [[nodiscard]] constexpr WordClass word_class() const { return kWords[index_].word_class; }
  [[nodiscard]] constexpr std::string_view text() const { return is_keyword() ? kWords[index_].text : ""; }
  constexpr bool operator==(const Word&) const = default;

 private:
  static constexpr std::uint16_t kNone = 0xFFFF;
  static constexpr std::uint16_t position(std::string_view upper) {
    std::size_t low = 0;
    std::size_t high = std::size(kWords);
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (kWords[middle].text < upper) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < std::size(kWords) && kWords[low].text == upper ? static_cast<std::uint16_t>(low) : kNone;
  }
  static consteval std::uint16_t find_at_compile_time(const char* text) {
    const std::uint16_t index = position(text);
    if (index == kNone) throw "not a keyword of MySQL";
    return index;
  }

  std::uint16_t index_ = kNone;
};

}  // namespace intercodesql::mysql
