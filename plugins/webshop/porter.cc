#include "porter.h"

#include <array>
#include <span>
#include <string_view>

#include "python_text.h"

namespace webshop {
namespace {

struct Rule {
  std::string_view suffix, replacement;
};

// Rules of one step, a longer suffix before those it ends in: the first that fits decides.
constexpr std::array<Rule, 21> kStep2 = {
    {{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
     {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
     {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
     {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
     {"logi", "log"}}};
constexpr std::array<Rule, 7> kStep3 = {
    {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""}}};
constexpr std::array<std::string_view, 19> kStep4 = {"al",  "ance",  "ence", "er",  "ic",  "able", "ible",
                                                     "ant", "ement", "ment", "ent", "ion", "ou",   "ism",
                                                     "ate", "iti",   "ous",  "ive", "ize"};

// One word on its way to its stem. Char is char for ASCII words and char32_t for all others: the rules count
// characters.
template <typename Char>
class Stemmer {
 public:
  explicit Stemmer(std::basic_string<Char>& word) : word_(word) {}

  void run() {
    if (word_.size() <= 2) return;
    plural();
    past_and_gerund();
    if (ends("y") && has_vowel(word_.size() - 1)) word_.back() = 'i';
    replace(kStep2);
    replace(kStep3);
    strip_suffix();
    final_e();
    if (ends("ll") && measure(word_.size()) > 1) word_.pop_back();
  }

 private:
  [[nodiscard]] bool is_consonant(std::size_t i) const {
    switch (word_[i]) {
      case 'a':
      case 'e':
      case 'i':
      case 'o':
      case 'u':
        return false;
      case 'y':
        return i == 0 || !is_consonant(i - 1);
      default:
        return true;
    }
  }

  // m of the paper: the number of vowel-consonant sequences in the first `length` characters.
  [[nodiscard]] int measure(std::size_t length) const {
    int count = 0;
    bool after_vowel = false;
    for (std::size_t i = 0; i < length; ++i) {
      const bool consonant = is_consonant(i);
      if (consonant && after_vowel) ++count;
      after_vowel = !consonant;
    }
    return count;
  }

  [[nodiscard]] bool has_vowel(std::size_t length) const {
    for (std::size_t i = 0; i < length; ++i) {
      if (!is_consonant(i)) return true;
    }
    return false;
  }

  // *o of the paper: consonant, vowel, consonant that is not w, x or y, at the end of the first `length` characters.
  [[nodiscard]] bool ends_cvc(std::size_t length) const {
    if (length < 3 || !is_consonant(length - 1) || is_consonant(length - 2) || !is_consonant(length - 3)) return false;
    const Char last = word_[length - 1];
    return last != 'w' && last != 'x' && last != 'y';
  }

  [[nodiscard]] bool ends(std::string_view suffix) const {
    if (suffix.size() > word_.size()) return false;
    // From the end: most rules are refused by the last character.
    const std::size_t from = word_.size() - suffix.size();
    for (std::size_t i = suffix.size(); i > 0; --i) {
      if (word_[from + i - 1] != static_cast<Char>(suffix[i - 1])) return false;
    }
    return true;
  }

  void drop(std::size_t count) { word_.erase(word_.size() - count); }

  void plural() {
    if (ends("sses") || ends("ies")) {
      drop(2);
    } else if (ends("s") && !ends("ss")) {
      drop(1);
    }
  }

  void past_and_gerund() {
    if (ends("eed")) {
      if (measure(word_.size() - 3) > 0) drop(1);
      return;
    }
    const std::size_t suffix = ends("ed") ? 2 : ends("ing") ? 3 : 0;
    if (suffix == 0 || !has_vowel(word_.size() - suffix)) return;
    drop(suffix);
    const std::size_t n = word_.size();
    if (ends("at") || ends("bl") || ends("iz")) {
      word_ += 'e';
    } else if (n >= 2 && word_[n - 1] == word_[n - 2] && is_consonant(n - 1)) {
      if (!ends("l") && !ends("s") && !ends("z")) drop(1);
    } else if (measure(n) == 1 && ends_cvc(n)) {
      word_ += 'e';
    }
  }

  void replace(std::span<const Rule> rules) {
    for (const Rule& rule : rules) {
      if (!ends(rule.suffix)) continue;
      if (measure(word_.size() - rule.suffix.size()) == 0) return;
      drop(rule.suffix.size());
      word_.append(rule.replacement.begin(), rule.replacement.end());
      return;
    }
  }

  void strip_suffix() {
    for (const std::string_view suffix : kStep4) {
      if (!ends(suffix)) continue;
      const std::size_t stem = word_.size() - suffix.size();
      const bool refused = suffix == "ion" && (stem == 0 || (word_[stem - 1] != 's' && word_[stem - 1] != 't'));
      if (!refused && measure(stem) > 1) drop(suffix.size());
      return;
    }
  }

  void final_e() {
    if (!ends("e")) return;
    const std::size_t stem = word_.size() - 1;
    const int m = measure(stem);
    if (m > 1 || (m == 1 && !ends_cvc(stem))) drop(1);
  }

  std::basic_string<Char>& word_;
};

}  // namespace

void porter_stem(std::string& word) {
  bool ascii = true;
  for (const char c : word) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  if (ascii) {
    Stemmer<char>(word).run();
    return;
  }
  std::u32string characters = to_code_points(word);
  Stemmer<char32_t>(characters).run();
  word.clear();
  for (const char32_t c : characters) append_utf8(c, word);
}

}  // namespace webshop
