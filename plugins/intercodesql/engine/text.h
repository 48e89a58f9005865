// UTF-8 text by characters: decoding, parts, case, what Python prints as is.
//
// Pure functions. A byte that is no UTF-8 counts as one character U+FFFD and is copied unchanged. Character classes are
// Unicode 14 (Python 3.11); letter case is one character to one, as in MySQL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace intercodesql {

// The parts as one text.
template <typename... Parts>
[[nodiscard]] std::string concat(const Parts&... parts) {
  std::string text;
  (text.append(std::string_view(parts)), ...);
  return text;
}

// The code point at text[pos], which must exist; moves pos behind it.
char32_t next_code_point(std::string_view text, std::size_t& pos);
void append_utf8(char32_t c, std::string& out);
[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] std::size_t count_characters(std::string_view text);
// Byte position of character number `index`, or the text's size if it has no more than `index`.
[[nodiscard]] std::size_t byte_of_character(std::string_view text, std::size_t index);

[[nodiscard]] std::string upper_text(std::string_view text);
[[nodiscard]] std::string lower_text(std::string_view text);
[[nodiscard]] bool is_printable(char32_t c);  // Python's str.isprintable
// The weight of a character in utf8mb4_general_ci; one for all beyond the basic plane.
[[nodiscard]] char32_t general_ci_weight(char32_t c);

}  // namespace intercodesql
