// How sure a mean of few samples is, and when two steps are sampled enough to tell which is ahead.
//
// The variance of N samples is estimated as if one more had been seen that lies `spread` from the mean:
//
//   s² = (spread² + sum (x_i - mean)²) / N
//
// so that two equal outcomes do not pass for certainty. Pure functions.
#pragma once

#include <cstddef>
#include <span>

namespace mc {

// Of samples in their order. n = 0: `mean` is known exactly.
struct Moments {
  std::size_t n = 0;
  double mean = 0;
  double squares = 0;  // sum of (x - mean)²
};
[[nodiscard]] Moments moments_of(std::span<const double> samples);
[[nodiscard]] inline Moments known(double value) {
  return {0, value, 0};
}

// With n - 1; 0 for fewer than two.
[[nodiscard]] double sample_variance(const Moments& moments);

struct Interval {
  double low = 0, high = 0;
};
// The 95 % interval mean ± t · s / √n, t of n degrees of freedom. A known value is its own; one sample has none, which
// is (0, 0).
[[nodiscard]] Interval interval_of(const Moments& moments, double spread);

// z with P(Z <= z) = p for a standard normal Z; 0 < p < 1.
[[nodiscard]] double normal_quantile(double p);

// Sampling ends once what all `cap` samples of both would say is sure.
struct StopRules {
  std::size_t cap = 20;
  double spread = 0.5;
  double z_pair = 2.58;  // how sure it must be that they would make a pair
  double z_none = 1.64;  // … that they would not
};

enum class Verdict { kOpen, kPair, kNone };

// Would `cap` samples of each say that `ahead` is above `behind` by more than `margin`? Given n of cap samples, the
// mean of all has the standard error s · √((cap - n) / (cap · n)) around the mean of those seen: none of it is left at
// the cap, where the answer is the comparison itself.
[[nodiscard]] Verdict verdict(const Moments& ahead, const Moments& behind, double margin, const StopRules& rules);

// The same for a pair that either side may win: kNone once neither would.
[[nodiscard]] Verdict verdict_of_either(const Moments& one, const Moments& other, double margin,
                                        const StopRules& rules);

}  // namespace mc
