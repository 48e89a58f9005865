// Scored candidates against the truth: errors of values, and which pairs were made rightly.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/adaptive/scorer.h"

namespace ipr::bench {

// `gap - tau > 1e-9`, as the rules of pairs have it.
[[nodiscard]] bool makes_pair(double gap, double tau);

struct ValueErrors {
  std::size_t steps = 0, covered = 0;             // sampled ones; those whose interval holds the exact value
  double samples = 0, absolute = 0, squares = 0;  // sums
};
void add_errors(const std::vector<Candidate>& candidates, const std::vector<Scored>& scored, ValueErrors& errors);

struct Judged {
  std::uint64_t cluster = 0;         // seed and expert
  bool made = false, right = false;  // by the scores; by the exact values
};
void judge(const std::vector<Candidate>& candidates, const std::vector<Scored>& scored, double tau, std::uint64_t seed,
           std::vector<Judged>& judged);

struct PairCounts {
  std::size_t made = 0, right = 0, all_right = 0;  // `right`: of those made; all_right: that should have been
  [[nodiscard]] double precision() const { return static_cast<double>(right) / static_cast<double>(made); }
  [[nodiscard]] double recall() const { return static_cast<double>(right) / static_cast<double>(all_right); }
};
[[nodiscard]] PairCounts count(const std::vector<Judged>& judged);

struct Range {
  double low = 0, high = 0;
};
// 95 % of precision(one) - precision(other) over 1,000 draws of whole clusters; both judge the same candidates.
[[nodiscard]] Range precision_difference(const std::vector<Judged>& one, const std::vector<Judged>& other,
                                         std::uint64_t seed);

// How values order the two steps of a candidate, and whether the best play's (optimal Q) do, too.
struct OrderCounts {
  std::size_t all = 0, above = 0, equal = 0;          // the expert's step by the values
  std::size_t by_best = 0, alike = 0, other_way = 0;  // ordered by the best play; by both, alike or not
};
// `gap`: the expert's step less the agent's, by the policy's exact values or by step rewards.
void add_order(const Candidate& candidate, double gap, OrderCounts& counts);

}  // namespace ipr::bench
