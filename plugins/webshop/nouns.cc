#include "nouns.h"

#include <unordered_set>

#include "python_text.h"
#include "tables.h"

namespace webshop {
namespace {

std::unordered_set<std::string_view> read_non_nouns() {
  std::unordered_set<std::string_view> words;
  std::string_view rest = tables::non_noun_words;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
    if (!line.empty()) words.insert(line);
  }
  return words;
}

bool is_non_noun(std::string_view word) {
  static const std::unordered_set<std::string_view> words = read_non_nouns();
  return words.contains(word);
}

// The end of the run of letters and digits that begins at `at`.
std::size_t skip_alnum(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    std::size_t next = at;
    if (!is_alnum(next_code_point(text, next))) break;
    at = next;
  }
  return at;
}

// The end of the word that begins at `at`, or `at` if none does: runs joined by single marks.
std::size_t skip_word(std::string_view text, std::size_t at) {
  std::size_t end = skip_alnum(text, at);
  while (end > at && end < text.size()) {
    std::size_t run = end;
    const char32_t joint = next_code_point(text, run);
    if (joint != U'.' && joint != U'\'' && joint != U'\u2019') break;
    const std::size_t next = skip_alnum(text, run);
    if (next == run) break;
    end = next;
  }
  return end;
}

void drop_possessive(std::string& word) {
  for (const std::string_view ending : {"'s", "\u2019s"}) {
    if (word.ends_with(ending)) {
      word.resize(word.size() - ending.size());
      return;
    }
  }
}

}  // namespace

std::vector<std::string> noun_filter_v1(std::string_view title) {
  std::vector<std::string> nouns;
  for (std::size_t pos = 0; pos < title.size();) {
    const std::size_t begin = pos;
    const std::size_t end = skip_word(title, begin);
    const char32_t first = next_code_point(title, pos);
    if (end == begin) continue;
    pos = end;
    std::string word = lower(title.substr(begin, end - begin));
    drop_possessive(word);
    if (is_alpha(first) && !is_non_noun(word)) nouns.push_back(std::move(word));
  }
  return nouns;
}

}  // namespace webshop
