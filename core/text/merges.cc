#include "core/text/merges.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <queue>

namespace ipr::text {
namespace {

constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kShort = 48;  // up to here scanning for the best pair beats a heap

std::uint64_t pair_of(std::int32_t left, std::int32_t right) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

std::size_t slot_of(std::uint64_t pair, std::size_t slots) {
  // Fibonacci hashing; the upper bits are the well mixed ones.
  return static_cast<std::size_t>((pair * 0x9E3779B97F4A7C15ull) >> 32) & (slots - 1);
}

}  // namespace

MergeTable::MergeTable(std::size_t size) : rules_(std::bit_ceil(2 * size + 2), Rule{0, kNoRank, 0}) {}

void MergeTable::add(const Merge& merge, std::uint32_t rank) {
  const std::uint64_t pair = pair_of(merge.left, merge.right);
  std::size_t slot = slot_of(pair, rules_.size());
  while (rules_[slot].rank != kNoRank && rules_[slot].pair != pair) slot = (slot + 1) & (rules_.size() - 1);
  rules_[slot] = {pair, rank, merge.merged};
}

const MergeTable::Rule* MergeTable::find(std::int32_t left, std::int32_t right) const {
  const std::uint64_t pair = pair_of(left, right);
  std::size_t slot = slot_of(pair, rules_.size());
  for (; rules_[slot].rank != kNoRank; slot = (slot + 1) & (rules_.size() - 1)) {
    if (rules_[slot].pair == pair) return &rules_[slot];
  }
  return nullptr;
}

void MergeTable::apply(std::vector<std::int32_t>& symbols) const {
  if (symbols.size() <= kShort) {
    apply_short(symbols);
  } else {
    apply_long(symbols);
  }
}

void MergeTable::apply_short(std::vector<std::int32_t>& symbols) const {
  std::array<const Rule*, kShort> rules{};  // rules[i]: of the pair (i, i + 1)
  std::size_t size = symbols.size();
  for (std::size_t i = 0; i + 1 < size; ++i) rules[i] = find(symbols[i], symbols[i + 1]);
  while (true) {
    std::size_t best = size;
    std::uint32_t best_rank = kNoRank;
    for (std::size_t i = 0; i + 1 < size; ++i) {
      if (rules[i] != nullptr && rules[i]->rank < best_rank) {
        best = i;
        best_rank = rules[i]->rank;
      }
    }
    if (best == size) break;
    symbols[best] = rules[best]->merged;
    std::copy(symbols.begin() + best + 2, symbols.begin() + size, symbols.begin() + best + 1);
    if (best + 2 < size) std::copy(rules.begin() + best + 2, rules.begin() + size, rules.begin() + best + 1);
    --size;
    if (best > 0) rules[best - 1] = find(symbols[best - 1], symbols[best]);
    rules[best] = best + 1 < size ? find(symbols[best], symbols[best + 1]) : nullptr;
  }
  symbols.resize(size);
}

void MergeTable::apply_long(std::vector<std::int32_t>& symbols) const {
  // Symbols as a linked list over their first positions; a merged-away symbol is kNone.
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t at;
    std::uint64_t pair;
    std::int32_t merged;
    bool operator<(const Candidate& other) const {  // std::priority_queue keeps the largest on top
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  const auto end = static_cast<std::uint32_t>(symbols.size());
  std::vector<std::uint32_t> next(end), previous(end);
  for (std::uint32_t i = 0; i < end; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;  // wraps for the first, which is never asked
  }
  std::priority_queue<Candidate> queue;
  const auto offer = [&](std::uint32_t at) {
    if (next[at] == end) return;
    if (const Rule* rule = find(symbols[at], symbols[next[at]])) queue.push({rule->rank, at, rule->pair, rule->merged});
  };
  for (std::uint32_t i = 0; i < end; ++i) offer(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const std::uint32_t right = symbols[best.at] == kNone ? end : next[best.at];
    if (right == end || pair_of(symbols[best.at], symbols[right]) != best.pair)
      continue;  // merged since it was offered
    symbols[best.at] = best.merged;
    symbols[right] = kNone;
    next[best.at] = next[right];
    if (next[right] != end) previous[next[right]] = best.at;
    if (best.at > 0) offer(previous[best.at]);
    offer(best.at);
  }
  std::erase(symbols, kNone);
}

}  // namespace ipr::text
