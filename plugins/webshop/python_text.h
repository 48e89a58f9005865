// Text as Python 3 sees it: str.lower, str.strip, str.isalnum, repr of str and float, over UTF-8.
//
// The shop's rules are written in Python, and its goldens depend on Python's idea of a letter, a space and a decimal
// number. Character classes are Unicode 14 (Python 3.11), from unicode_tables.inc. Bytes that are not UTF-8 count as
// one U+FFFD each when read and are copied unchanged when text is rewritten. All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace webshop {

// next_code_point of a character that is not ASCII.
char32_t next_wide_code_point(std::string_view text, std::size_t& pos);
// The code point at text[pos], which must exist; moves pos behind it.
inline char32_t next_code_point(std::string_view text, std::size_t& pos) {
  const auto lead = static_cast<unsigned char>(text[pos]);
  return lead < 0x80 ? (++pos, lead) : next_wide_code_point(text, pos);
}
void append_utf8(char32_t c, std::string& out);
[[nodiscard]] std::u32string to_code_points(std::string_view text);

[[nodiscard]] bool is_alpha(char32_t c);       // str.isalpha: general category L*
[[nodiscard]] bool is_wide_alnum(char32_t c);  // is_alnum of a character that is not ASCII
// str.isalnum: is_alpha or any numeric type (also U+00BD, U+2460, U+4E00).
[[nodiscard]] inline bool is_alnum(char32_t c) {
  return c < 0x80 ? (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') : is_wide_alnum(c);
}
[[nodiscard]] bool is_space(char32_t c);      // str.isspace: what str.strip() and str.split() use
[[nodiscard]] bool is_printable(char32_t c);  // str.isprintable: what repr() leaves unescaped

// The lower-case code point of a single character (U+0130 becomes i).
[[nodiscard]] char32_t simple_lower(char32_t c);
// str.lower(): full mapping, including U+0130 and the final sigma.
[[nodiscard]] std::string lower(std::string_view text);
// str.strip(): a part of `text`.
[[nodiscard]] std::string_view strip(std::string_view text);
// str.strip(characters) for ASCII characters.
[[nodiscard]] std::string_view strip(std::string_view text, std::string_view characters);

// repr(text): single quotes, or double quotes if the text has ' and no "; escapes for what is not printable.
[[nodiscard]] std::string repr(std::string_view text);
// repr(value) of a float: the shortest digits that read back the same, ".0" for whole numbers, an exponent below 1e-4
// and from 1e16; "inf", "-inf", "nan".
[[nodiscard]] std::string repr(double value);

}  // namespace webshop
