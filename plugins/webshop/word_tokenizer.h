// Words of a text: the tokenizer of the official search index (Unicode Annex 29 words, plus emoji and East Asian
// rules).
//
// The longest match of the following at each position, anything else is skipped:
//   words: letters and numbers, connected by '_', by one mid-word mark between two letters (don't, a.b) or between two
//          numbers (1,000); katakana runs
//   runs of Southeast Asian script; single Han and Hiragana characters
//   emoji: a pictograph with its modifiers, ZWJ sequences, key caps, flags
// Marks and format characters belong to the character before them. Character classes are those of Unicode 9,
// pictographs those of data/extended_pictographic.txt. A token longer than 255 UTF-16 units is cut there. webshop.md
// section 4.
#pragma once

#include <cstddef>
#include <string_view>

namespace webshop {

// The first token of `text` at or after `pos`, and moves pos behind it; empty at the end of the text.
[[nodiscard]] std::string_view next_word(std::string_view text, std::size_t& pos);

}  // namespace webshop
