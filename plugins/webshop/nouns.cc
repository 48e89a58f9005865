#include "nouns.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "python_text.h"
#include "tables.h"

namespace webshop {
namespace {

// The words of a text with one word per line. A table of the words' places, by open addressing: it is made in well
// under a millisecond, which every start of the program pays.
class WordLines {
 public:
  explicit WordLines(std::string_view lines)
      : lines_(lines),
        places_(std::bit_ceil(2 * static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')) + 2), kFree) {
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      places_[slot(lines.substr(at, end - at))] = static_cast<std::uint32_t>(at);
      at = end + 1;
    }
  }
  [[nodiscard]] bool contains(std::string_view word) const { return places_[slot(word)] != kFree; }

 private:
  static constexpr std::uint32_t kFree = ~std::uint32_t{0};

  // Where `word` stands in the table, or the free slot that it would take.
  [[nodiscard]] std::size_t slot(std::string_view word) const {
    std::size_t at = std::hash<std::string_view>{}(word);
    while (places_[at &= places_.size() - 1] != kFree && !is_line(places_[at], word)) ++at;
    return at;
  }
  [[nodiscard]] bool is_line(std::uint32_t place, std::string_view word) const {
    const std::string_view rest = lines_.substr(place);
    return rest.starts_with(word) && (rest.size() == word.size() || rest[word.size()] == '\n');
  }

  std::string_view lines_;
  std::vector<std::uint32_t> places_;
};

bool is_non_noun(std::string_view word) {
  static const WordLines words(tables::non_noun_words);
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
