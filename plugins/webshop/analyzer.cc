#include "analyzer.h"

#include <algorithm>
#include <array>

#include "porter.h"
#include "python_text.h"
#include "word_tokenizer.h"

namespace webshop {
namespace {

constexpr std::array<std::string_view, 33> kStopWords = {
    "a",   "an",    "and",  "are",   "as",    "at",   "be",   "but", "by",  "for",  "if",
    "in",  "into",  "is",   "it",    "no",    "not",  "of",   "on",  "or",  "such", "that",
    "the", "their", "then", "there", "these", "they", "this", "to",  "was", "will", "with"};
static_assert(std::is_sorted(kStopWords.begin(), kStopWords.end()));

constexpr std::size_t kLongestStopWord = 5;

bool is_stop_word(std::string_view word) {
  return word.size() <= kLongestStopWord && std::binary_search(kStopWords.begin(), kStopWords.end(), word);
}

std::string_view without_possessive(std::string_view word) {
  if (!word.ends_with('s') && !word.ends_with('S')) return word;
  const std::string_view stem = word.substr(0, word.size() - 1);
  for (const std::string_view apostrophe : {"'", "\u2019", "\uFF07"}) {
    if (stem.ends_with(apostrophe)) return stem.substr(0, stem.size() - apostrophe.size());
  }
  return word;
}

// Character by character: the index knows neither the final sigma nor mappings to two characters.
std::string lower_characters(std::string_view word) {
  std::string out;
  out.reserve(word.size());
  for (std::size_t pos = 0; pos < word.size();) {
    const auto byte = static_cast<unsigned char>(word[pos]);
    if (byte < 0x80) {
      out += static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
      ++pos;
    } else {
      append_utf8(simple_lower(next_code_point(word, pos)), out);
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> analyze(std::string_view text) {
  std::vector<std::string> terms;
  std::size_t pos = 0;
  for (std::string_view word = next_word(text, pos); !word.empty(); word = next_word(text, pos)) {
    std::string term = lower_characters(without_possessive(word));
    if (is_stop_word(term)) continue;
    porter_stem(term);
    terms.push_back(std::move(term));
  }
  return terms;
}

}  // namespace webshop
