#include "fuzzy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "python_text.h"

namespace webshop {
namespace {

constexpr int kSameAbove = 85;

// Visits the words of two sets in order: those in both, only in the first, only in the second.
template <typename Both, typename OnlyA, typename OnlyB>
void visit(const TokenSet& a, const TokenSet& b, Both both, OnlyA only_a, OnlyB only_b) {
  auto left = a.words.begin();
  auto right = b.words.begin();
  while (left != a.words.end() || right != b.words.end()) {
    const int order = left == a.words.end() ? 1 : right == b.words.end() ? -1 : left->compare(*right);
    if (order == 0) {
      both(*left++);
      ++right;
    } else if (order < 0) {
      only_a(*left++);
    } else {
      only_b(*right++);
    }
  }
}

// Lengths of the texts that joining the visited words gives.
struct Lengths {
  std::size_t shared = 0, only_a = 0, only_b = 0;
};

Lengths joined_lengths(const TokenSet& a, const TokenSet& b) {
  Lengths lengths;
  const auto counter = [](std::size_t& joined) {
    return [&joined](const std::u32string& word) { joined += word.size() + (joined != 0 ? 1 : 0); };
  };
  visit(a, b, counter(lengths.shared), counter(lengths.only_a), counter(lengths.only_b));
  return lengths;
}

// 100 * 2 * common / total, rounded half to even.
int percent(std::size_t common, std::size_t total) {
  const std::size_t doubled = 400 * common / total;  // in halves, rounded down
  const bool exact = 400 * common % total == 0;
  const std::size_t whole = doubled / 2;
  if (doubled % 2 == 0) return static_cast<int>(whole);
  return static_cast<int>(exact && whole % 2 == 0 ? whole : whole + 1);
}

// percent(common, total) > kSameAbove without a division: 85.5 rounds to the even 86.
bool is_above(std::size_t common, std::size_t total) {
  static_assert(kSameAbove == 85);
  return 400 * common >= 171 * total;
}

// Length of the longest common subsequence, 64 columns at a time (H. Hyyrö, "Bit-parallel LCS-length computation
// revisited", 2004): zero bits of a row are its steps.
std::size_t common_subsequence(const std::u32string& a, const std::u32string& b) {
  std::u32string alphabet = a;
  std::sort(alphabet.begin(), alphabet.end());
  alphabet.erase(std::unique(alphabet.begin(), alphabet.end()), alphabet.end());
  const std::size_t blocks = (a.size() + 63) / 64;
  std::vector<std::uint64_t> places(alphabet.size() * blocks);
  const auto letter = [&](char32_t c) {
    return std::lower_bound(alphabet.begin(), alphabet.end(), c) - alphabet.begin();
  };
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

// What two sets have in common beyond their shared words: the common subsequence of the joined rest of each.
std::size_t common_rest(const TokenSet& a, const TokenSet& b) {
  std::u32string rest_a;
  std::u32string rest_b;
  const auto joiner = [](std::u32string& text) {
    return [&text](const std::u32string& word) {
      if (!text.empty()) text += U' ';
      text += word;
    };
  };
  visit(
      a, b, [](const std::u32string&) {}, joiner(rest_a), joiner(rest_b));
  return common_subsequence(rest_a, rest_b);
}

// At least as long as the longest common subsequence of the two joined texts, in whatever order their words stand: a
// character that the other text lacks is no part of it.
std::size_t most_common(const TokenSet& a, const TokenSet& b) {
  const auto found_in = [](const TokenSet& set, const TokenSet& other) {
    return set.joined_length - static_cast<std::size_t>(std::popcount(set.characters & ~other.characters));
  };
  return std::min(found_in(a, b), found_in(b, a));
}

// The score, or any number that is not above `floor` if the score is not.
int ratio_above(const TokenSet& a, const TokenSet& b, int floor) {
  if (a.words.empty() || b.words.empty()) return 0;
  const Lengths lengths = joined_lengths(a, b);
  if (lengths.shared != 0 && (lengths.only_a == 0 || lengths.only_b == 0)) return 100;
  // The three texts of the rule: the shared words, and the same followed by what is only in one.
  const std::size_t prefix = lengths.shared + (lengths.shared != 0 ? 1 : 0);
  const std::size_t full_a = prefix + lengths.only_a;
  const std::size_t full_b = prefix + lengths.only_b;
  const int best = lengths.shared == 0 ? 0 : percent(lengths.shared, lengths.shared + std::min(full_a, full_b));
  const std::size_t bound = std::min(prefix + std::min(lengths.only_a, lengths.only_b), most_common(a, b));
  if (percent(bound, full_a + full_b) <= std::max(best, floor)) return best;
  // A common prefix is part of some longest common subsequence.
  return std::max(best, percent(prefix + common_rest(a, b), full_a + full_b));
}

void describe(TokenSet& set) {
  const auto add_character = [&set](char32_t c) { set.characters |= std::uint64_t{1} << (c % 64); };
  for (const std::u32string& word : set.words) {
    std::uint64_t hash = 0;
    for (const char32_t c : word) {
      add_character(c);
      hash = (hash ^ c) * UINT64_C(0x9E3779B97F4A7C15);
    }
    set.word_marks |= std::uint64_t{1} << (hash >> 58);
    set.joined_length += word.size();
  }
  if (set.words.size() < 2) return;
  add_character(U' ');
  set.joined_length += set.words.size() - 1;
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
  describe(set);
  return set;
}

int token_set_ratio(const TokenSet& a, const TokenSet& b) {
  return ratio_above(a, b, 0);
}

bool is_same(const TokenSet& a, const TokenSet& b) {
  // Without a shared word only the joined texts are compared.
  const bool may_share = (a.word_marks & b.word_marks) != 0;
  if (!may_share && !is_above(most_common(a, b), a.joined_length + b.joined_length)) return false;
  return ratio_above(a, b, kSameAbove) > kSameAbove;
}

}  // namespace webshop
