// Two policies compared by task, and several comparisons corrected for their number: what the tables show.
//
// Which test. The unit is a cluster of tasks (a task where it has none); k is the number of units whose differences do
// not sum to 0. The first rule that applies is used, and tables name it:
//   1. fewer than 2 units                          no p-value: nothing is known about chance
//   2. 0/1 outcomes, every unit one task           exact McNemar        (McNemar 1947, binomial tail)
//   3. k <= kExactFlips, or no spread              exact sign-flip      (Fisher 1935, whole units are flipped)
//   4. otherwise                                   paired t             (of the units' CR2 error where clustered)
// The interval is always the paired t-interval with the same error. So p and interval agree under rule 4: p < 0.05
// where the interval excludes 0; the exact tests of few or 0/1 differences may say "not shown" where the interval just
// excludes 0, and a finding needs both.
//
// What is corrected, and why. A run has several iterations, each with a p-value against one baseline on one split: the
// more are read, the likelier one is small by chance. holm() is applied to all rows of one run, split and baseline, so
// that the chance of calling any of them different where none is stays at 5 % (Holm 1979), however they depend on each
// other. Two selections have to be told apart:
//   - on the test split the iteration chosen on dev needs no correction for the choice: test tasks had no part in it,
//     so its own p and interval are valid. The correction is for the reader who looks at all rows; the finding in words
//     uses it too, and is the stricter for it.
//   - on the dev split the choice is made by the very numbers of the row: the best of I rows is called different by
//     chance up to I times as often. There the correction is needed, and dev means stay flattered.
// Intervals are not corrected: each is a 95 % interval of its own row.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/report/statistics.h"

namespace ipr::report {

struct Comparison {
  Estimate difference;        // outcome minus baseline
  std::optional<double> p;    // two-sided; empty by rule 1
  std::string test;           // "exact McNemar", "exact sign-flip", "paired t", "clustered paired t"; empty without p
  std::optional<double> mde;  // the difference found with 80 % chance at 5 %
};

// Parallel vectors: the outcomes of one task under both policies and its cluster key (empty: a unit of its own).
[[nodiscard]] Comparison compare_paired(const std::vector<double>& outcomes, const std::vector<double>& baseline,
                                        const std::vector<std::string>& clusters);

// Holm's adjusted p-values in the order given: with p_(1) <= … <= p_(m), max over j <= i of min(1, (m-j+1) · p_(j)).
[[nodiscard]] std::vector<double> holm(const std::vector<double>& p);

}  // namespace ipr::report
