// Colour names in option values: what makes "dark navy blue" and "blue" the same choice.
//
// The list is data/color_set.json; its order decides. Pure and thread-safe. webshop.md section 8.
#pragma once

#include <string>
#include <string_view>

namespace webshop {

// The first colour of the list that occurs anywhere in `value` ("standard" holds "tan"), or `value` itself. The result
// lives as long as `value`.
[[nodiscard]] std::string_view normalize_color(std::string_view value);

// The goal side of a synthetic goal, whose options the original compares as Python tuples (name, value): the first
// colour of the list that equals name or value, or the tuple's Python text ("('size', 'xx-large')").
[[nodiscard]] std::string normalize_named_option(std::string_view name, std::string_view value);

}  // namespace webshop
