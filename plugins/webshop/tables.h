// The text of the files in data/, embedded at build time (embed.cmake).
#pragma once

#include <string_view>

namespace webshop::tables {

extern const std::string_view color_set;              // JSON array of strings; the order matters
extern const std::string_view non_noun_words;         // one lower-case word per line, sorted
extern const std::string_view extended_pictographic;  // "A9..AE" per line: inclusive hexadecimal ranges; # comments

}  // namespace webshop::tables
