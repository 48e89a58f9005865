#include "core/text/nfc.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "core/text/nfc_tables.h"
#include "core/text/utf8.h"

namespace ipr::text {
namespace {

// Hangul syllables: a leading consonant, a vowel and perhaps a trailing consonant, numbered in that order.
constexpr std::uint32_t kSyllables = 0xAC00, kLeading = 0x1100, kVowels = 0x1161, kTrailing = 0x11A7;
constexpr std::uint32_t kLeadingCount = 19, kVowelCount = 21, kTrailingCount = 28;
constexpr std::uint32_t kSyllableCount = kLeadingCount * kVowelCount * kTrailingCount;

struct Mark {
  std::uint32_t point;
  std::uint8_t combining_class;
};

std::uint8_t combining_class(std::uint32_t point) {
  const auto after = std::upper_bound(kCombiningClass.begin(), kCombiningClass.end(), point,
                                      [](std::uint32_t value, const ClassRange& range) { return value < range.first; });
  if (after == kCombiningClass.begin()) return 0;
  const ClassRange& range = *std::prev(after);
  return point <= range.last ? range.combining_class : 0;
}

void decompose(std::uint32_t point, std::vector<Mark>& marks) {
  if (point - kSyllables < kSyllableCount) {
    const std::uint32_t number = point - kSyllables;
    marks.push_back({kLeading + number / (kVowelCount * kTrailingCount), 0});
    marks.push_back({kVowels + number / kTrailingCount % kVowelCount, 0});
    if (number % kTrailingCount != 0) marks.push_back({kTrailing + number % kTrailingCount, 0});
    return;
  }
  const auto found = std::lower_bound(kDecomposition.begin(), kDecomposition.end(), point,
                                      [](const Decomposition& d, std::uint32_t value) { return d.point < value; });
  if (found == kDecomposition.end() || found->point != point) {
    marks.push_back({point, combining_class(point)});
    return;
  }
  decompose(found->first, marks);
  if (found->second != 0) decompose(found->second, marks);
}

std::uint32_t compose(std::uint32_t first, std::uint32_t second) {
  if (first - kLeading < kLeadingCount && second - kVowels < kVowelCount) {
    return kSyllables + ((first - kLeading) * kVowelCount + (second - kVowels)) * kTrailingCount;
  }
  const bool open_syllable = first - kSyllables < kSyllableCount && (first - kSyllables) % kTrailingCount == 0;
  if (open_syllable && second > kTrailing && second - kTrailing < kTrailingCount) return first + (second - kTrailing);

  static const auto kComposed = [] {
    std::unordered_map<std::uint64_t, std::uint32_t> composed;
    for (const Decomposition& d : kDecomposition) {
      if (d.composes) composed.emplace((std::uint64_t{d.first} << 32) | d.second, d.point);
    }
    return composed;
  }();
  const auto found = kComposed.find((std::uint64_t{first} << 32) | second);
  return found == kComposed.end() ? 0 : found->second;
}

// Marks behind a character stand in the order of their classes; marks of one class keep theirs.
void order_marks(std::vector<Mark>& marks) {
  for (std::size_t begin = 0; begin < marks.size(); ++begin) {
    if (marks[begin].combining_class == 0) continue;
    std::size_t end = begin;
    while (end < marks.size() && marks[end].combining_class != 0) ++end;
    std::stable_sort(marks.begin() + static_cast<std::ptrdiff_t>(begin),
                     marks.begin() + static_cast<std::ptrdiff_t>(end),
                     [](const Mark& a, const Mark& b) { return a.combining_class < b.combining_class; });
    begin = end;
  }
}

std::string composed_text(std::vector<Mark>& marks) {
  constexpr std::size_t kNoStarter = static_cast<std::size_t>(-1);
  std::size_t kept = 0;
  std::size_t starter = kNoStarter;  // the last character of class 0 that was kept
  for (const Mark mark : std::vector<Mark>(marks)) {
    if (starter != kNoStarter) {
      // Blocked: a mark of the same or a higher class stands between, or a starter that did not compose.
      const bool adjacent = starter + 1 == kept;
      const bool blocked = !adjacent && marks[kept - 1].combining_class >= mark.combining_class;
      const std::uint32_t composite = blocked ? 0 : compose(marks[starter].point, mark.point);
      if (composite != 0) {
        marks[starter].point = composite;
        continue;
      }
    }
    if (mark.combining_class == 0) starter = kept;
    marks[kept++] = mark;
  }
  std::string text;
  for (std::size_t i = 0; i < kept; ++i) append_char(marks[i].point, text);
  return text;
}

}  // namespace

std::string to_nfc(std::string_view text) {
  // Below U+0300 there are no marks and nothing that is written otherwise.
  const bool plain =
      std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xCC; });
  if (plain) return std::string(text);
  std::vector<Mark> marks;
  marks.reserve(text.size());
  while (!text.empty()) {
    const Utf8Char c = first_char(text);
    if (c.length == 0) break;  // never, by the precondition
    decompose(c.point, marks);
    text.remove_prefix(c.length);
  }
  order_marks(marks);
  return composed_text(marks);
}

}  // namespace ipr::text
