#include "fuzzy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "python_text.h"

namespace webshop {
namespace {

constexpr int kSameAbove = 85;

// What two word sets share, and the words of each that the other lacks, as lengths of their joined texts.
struct Split {
  std::size_t shared = 0, only_a = 0, only_b = 0;
  std::vector<const std::u32string*> words_a, words_b;
};

void count_word(const std::u32string& word, std::size_t& joined) { joined += word.size() + (joined != 0 ? 1 : 0); }

Split split(const TokenSet& a, const TokenSet& b) {
  Split parts;
  auto left = a.words.begin();
  auto right = b.words.begin();
  while (left != a.words.end() || right != b.words.end()) {
    const int order = left == a.words.end() ? 1 : right == b.words.end() ? -1 : left->compare(*right);
    if (order == 0) {
      count_word(*left++, parts.shared);
      ++right;
    } else if (order < 0) {
      count_word(*left, parts.only_a);
      parts.words_a.push_back(&*left++);
    } else {
      count_word(*right, parts.only_b);
      parts.words_b.push_back(&*right++);
    }
  }
  return parts;
}

std::u32string join(const std::vector<const std::u32string*>& words) {
  std::u32string text;
  for (const std::u32string* word : words) {
    if (!text.empty()) text += U' ';
    text += *word;
  }
  return text;
}

// 100 * 2 * common / total, rounded half to even.
int percent(std::size_t common, std::size_t total) {
  const std::size_t doubled = 400 * common / total;  // in halves, rounded down
  const bool exact = 400 * common % total == 0;
  const std::size_t whole = doubled / 2;
  if (doubled % 2 == 0) return static_cast<int>(whole);
  return static_cast<int>(exact && whole % 2 == 0 ? whole : whole + 1);
}

// Length of the longest common subsequence, 64 columns at a time (H. Hyyrö, "Bit-parallel LCS-length computation
// revisited", 2004): zero bits of a row are its steps.
std::size_t common_subsequence(const std::u32string& a, const std::u32string& b) {
  std::u32string alphabet = a;
  std::sort(alphabet.begin(), alphabet.end());
  alphabet.erase(std::unique(alphabet.begin(), alphabet.end()), alphabet.end());
  const std::size_t blocks = (a.size() + 63) / 64;
  std::vector<std::uint64_t> places(alphabet.size() * blocks);
  const auto letter = [&](char32_t c) { return std::lower_bound(alphabet.begin(), alphabet.end(), c) - alphabet.begin(); };
  for (std::size_t i = 0; i < a.size(); ++i) {
    places[static_cast<std::size_t>(letter(a[i])) * blocks + i / 64] |= std::uint64_t{1} << (i % 64);
  }
  std::vector<std::uint64_t> row(blocks, ~std::uint64_t{0});
  for (const char32_t c : b) {
    const auto index = static_cast<std::size_t>(letter(c));
    if (index == alphabet.size() || alphabet[index] != c) continue;
    std::uint64_t carry = 0;
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::uint64_t old = row[block];
      const std::uint64_t hits = old & places[index * blocks + block];
      const std::uint64_t partial = old + carry;
      const std::uint64_t sum = partial + hits;
      carry = (partial < old ? 1 : 0) | (sum < partial ? 1 : 0);
      row[block] = sum | (old & ~hits);
    }
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < a.size(); ++i) length += (~row[i / 64] >> (i % 64)) & 1;
  return length;
}

// The score, or any number that is not above `floor` if the score is not.
int ratio_above(const TokenSet& a, const TokenSet& b, int floor) {
  if (a.words.empty() || b.words.empty()) return 0;
  const Split parts = split(a, b);
  if (parts.shared != 0 && (parts.only_a == 0 || parts.only_b == 0)) return 100;
  // The three texts of the rule: the shared words, and the same followed by what is only in one.
  const std::size_t prefix = parts.shared + (parts.shared != 0 ? 1 : 0);
  const std::size_t full_a = prefix + parts.only_a;
  const std::size_t full_b = prefix + parts.only_b;
  int best = 0;
  if (parts.shared != 0) {
    best = percent(parts.shared, parts.shared + std::min(full_a, full_b));
  }
  const std::size_t bound = prefix + std::min(parts.only_a, parts.only_b);
  if (percent(bound, full_a + full_b) <= std::max(best, floor)) return best;
  // A common prefix is part of some longest common subsequence.
  const std::size_t common = prefix + common_subsequence(join(parts.words_a), join(parts.words_b));
  return std::max(best, percent(common, full_a + full_b));
}

}  // namespace

TokenSet token_set(std::string_view text) {
  TokenSet set;
  std::u32string word;
  const auto finish = [&] {
    if (!word.empty()) set.words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    if (c >= 0x80 && c <= 0xFF) continue;
    if (is_alnum(c)) {
      word += simple_lower(c);
    } else {
      finish();
    }
  }
  finish();
  std::sort(set.words.begin(), set.words.end());
  set.words.erase(std::unique(set.words.begin(), set.words.end()), set.words.end());
  return set;
}

int token_set_ratio(const TokenSet& a, const TokenSet& b) { return ratio_above(a, b, 0); }

bool is_same(const TokenSet& a, const TokenSet& b) { return ratio_above(a, b, kSameAbove) > kSameAbove; }

}  // namespace webshop
