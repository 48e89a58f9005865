// The merge rules of byte-pair encoding, and merging by them (Sennrich et al. 2016): the known pair of the lowest rank
// is merged, leftmost first, until no known pair is left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ipr::text {

// Two symbols that become one.
struct Merge {
  std::int32_t left = 0;
  std::int32_t right = 0;
  std::int32_t merged = 0;
};

// Bytes. The encoding of longer tokens is not kept at hand: they are rare, and a hostile file may have huge ones.
inline constexpr std::size_t kLongestWord = 256;

struct RankedMerge {
  Merge merge;
  std::uint32_t rank = 0;  // the smaller the earlier
};

// Immutable once filled, and then safe to use from many threads at once.
class MergeTable {
 public:
  static constexpr std::int32_t kNone = INT32_MIN;  // no symbol

  // `size`: as many rules as will be added, at most.
  explicit MergeTable(std::size_t size);

  // Rules may share a rank: then the leftmost pair of them is merged first. A pair added again has its last rank, as in
  // Hugging Face. Precondition: `rank` is not the largest value of its type.
  void add(const Merge& merge, std::uint32_t rank);

  // Merges `symbols` in place, any number of them: O(n log n) time and O(n) memory. Symbols are any values but kNone.
  void apply(std::vector<std::int32_t>& symbols) const;

 private:
  struct Rule {
    std::uint64_t pair;  // left in the upper half, right in the lower
    std::uint32_t rank;  // kNoRank: this slot is free
    std::int32_t merged;
  };

  [[nodiscard]] const Rule* find(std::int32_t left, std::int32_t right) const;
  void apply_short(std::vector<std::int32_t>& symbols) const;
  void apply_long(std::vector<std::int32_t>& symbols) const;

  std::vector<Rule> rules_;  // open addressing, a power of two, at most half full
};

}  // namespace ipr::text
