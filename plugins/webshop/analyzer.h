// Text to index terms: the analyzer of the official search index (Anserini's default for English).
//
// Words (word_tokenizer.h), without a trailing possessive 's, in lower case, without 33 stop words, stemmed (porter.h).
// Documents and queries pass through the same steps. Pure and thread-safe. webshop.md section 4.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace webshop {

// The terms of `text` in order, repeats kept.
[[nodiscard]] std::vector<std::string> analyze(std::string_view text);

}  // namespace webshop
