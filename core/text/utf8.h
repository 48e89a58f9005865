// Characters of UTF-8 text, one at a time. What is valid is what valid_utf8 (core/base/strings.h) takes for it: no
// overlong forms, no surrogates, nothing above U+10FFFF. Pure functions, safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ipr::text {

struct Utf8Char {
  std::uint32_t point = 0;
  std::size_t length = 0;  // bytes; 0: there is no valid character here
};

// The character at the start of `text`.
[[nodiscard]] Utf8Char first_char(std::string_view text);

// Whether `text` is a character that lacks bytes at its end, so that it is no fault yet. Empty text is not.
[[nodiscard]] bool is_cut_char(std::string_view text);

// Precondition: a Unicode scalar value.
void append_char(std::uint32_t point, std::string& text);

}  // namespace ipr::text
