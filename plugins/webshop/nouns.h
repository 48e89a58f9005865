// Nouns of a product title: the deterministic filter that stands in for the original's part-of-speech tagger.
//
// The original asks a spaCy model, whose weights cannot be had; the goldens were made with this filter (noun_filter_v1
// of webshop.md section 8). A real tagger can take its place wherever a NounFilter is accepted.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace webshop {

// The lower-case noun tokens of a title, in order, repeats kept. Must be pure and callable from many threads.
using NounFilter = std::function<std::vector<std::string>(std::string_view title)>;

// Words (runs of letters and digits, joined by inner . ' or ’, without a final 's) that begin with a letter and are not
// in data/non_noun_words.txt.
[[nodiscard]] std::vector<std::string> noun_filter_v1(std::string_view title);

}  // namespace webshop
