// The statistics of the tables: intervals, clustered errors, tests. comparison.h says which test a table uses.
//
// Pure functions of their arguments, the same bits on every run. Intervals are two-sided at 95 % unless a level is
// given. "n" is the number of independent units: tasks (or clusters of tasks), never tokens or turns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ipr::report {

struct Interval {
  double low = 0, high = 0;
  bool operator==(const Interval&) const = default;
};

// Regularized incomplete beta function I_x(a, b), a, b > 0: continued fraction DLMF 8.17.22 by Lentz's method, with
// I_x(a, b) = 1 - I_{1-x}(b, a) beyond the mean. About 13 significant digits.
[[nodiscard]] double incomplete_beta(double a, double b, double x);

// P(Z <= z) of the standard normal distribution, by erfc.
[[nodiscard]] double normal_cdf(double z);
// Its inverse for 0 < p < 1: Abramowitz and Stegun 26.2.23 as the start, then Newton steps on normal_cdf.
[[nodiscard]] double normal_quantile(double p);

// P(T <= t) of Student's t with df > 0 degrees of freedom (need not be whole): for t > 0,
// 1 - I_{df/(df+t²)}(df/2, 1/2) / 2 (DLMF 8.17, Abramowitz and Stegun 26.7.1).
[[nodiscard]] double student_cdf(double t, double df);
// Its inverse for 0 < p < 1, by bisection on student_cdf to the last bits.
[[nodiscard]] double student_quantile(double p, double df);

// An estimated mean.
struct Estimate {
  std::size_t n = 0;                 // observations
  double mean = 0;                   // 0 where n is 0
  double standard_error = 0;         // of the mean
  double df = 0;                     // degrees of freedom of the standard error; 0 where there is none
  std::optional<Interval> interval;  // empty with fewer than two clusters
  std::size_t clusters = 0;          // independent units; n where nothing is clustered
};

// Mean and t-interval of independent values: mean ± t(0.975, n-1) · s/√n, s² with n - 1.
[[nodiscard]] Estimate estimate_mean(const std::vector<double>& values);

// The same where values of one cluster are correlated. `clusters[i]` is the key of values[i]; an empty key is a cluster
// of its own. With e_i = x_i - mean, shares p_g = n_g/n and q_g = p_g²/(1 - p_g):
//   variance of the mean = (1/n²) Σ_g (Σ_{i in g} e_i)² / (1 - p_g)        (CR2, Bell and McCaffrey 2002)
//   df = 1 / (Σ_g p_g² + (Σ_g q_g)² - Σ_g q_g²)                            (their Satterthwaite degrees of freedom)
// worked out for a mean from Imbens and Kolesár 2016, section III (doi 10.1162/REST_a_00552). G clusters of one size:
// the usual CR1 (times G/(G-1)) with G - 1; all of size one: exactly estimate_mean. Few big clusters lower df, so the
// interval holds where the plain G - 1 is too narrow. Precondition: equal lengths.
[[nodiscard]] Estimate estimate_clustered_mean(const std::vector<double>& values,
                                               const std::vector<std::string>& clusters);

// The mean of outcomes as tables show it: estimate_clustered_mean, but where every outcome is 0 or 1 the interval is
// Wilson's (below), of n / d observations, d = standard_error² / (mean · (1 - mean) / (n - 1)) the design effect (at
// least 1) times (t(0.975, df) / t(0.975, n-1))² (Korn and Graubard 1998). Independent outcomes: exactly Wilson's. All
// outcomes equal: d = n / clusters. So shares near 0 or 1 have an interval that holds and has a width.
[[nodiscard]] Estimate estimate_outcome(const std::vector<double>& outcomes, const std::vector<std::string>& clusters);

// Two-sided p-value of "the true mean is 0": 2·P(T_df > |mean|/standard_error). 1 where all values are 0; 0 where all
// are the same other number. Empty where df is 0.
[[nodiscard]] std::optional<double> t_test(const Estimate& difference);

// Two-sided sign-flip permutation test of "the differences are symmetric around 0" (Fisher 1935): the share of sign
// assignments whose |sum| is at least the observed one. Zeros do not count. Exact up to kExactFlips nonzero differences
// (2^k assignments enumerated); beyond, `draws` seeded assignments and (hits + 1)/(draws + 1), which is a valid p-value
// (Phipson and Smyth 2010). Differences of one sign only have the closed form 2^(1-k). 1 where nothing differs.
inline constexpr std::size_t kExactFlips = 16;
[[nodiscard]] double sign_flip_test(const std::vector<double>& differences, std::size_t draws = 20000,
                                    std::uint64_t seed = 1);

// Exact McNemar test for paired 0/1 outcomes: `gained` tasks went from failure to success, `lost` the other way.
// Two-sided binomial tail at 1/2, at most 1.
[[nodiscard]] double mcnemar_test(std::size_t gained, std::size_t lost);

// The smallest true difference that a two-sided test at `level` of an estimate with this standard error finds with 80 %
// chance: (t(1 - level/2, df) + t(0.8, df)) · standard_error (Bloom 1995). Empty where df is 0, and where the
// standard error is 0: values without spread say nothing about it.
[[nodiscard]] std::optional<double> minimum_detectable_effect(const Estimate& difference, double level = 0.05,
                                                              double power = 0.8);

// Wilson score interval of a share (Wilson 1927): stays inside [0, 1] and is useful at 0 and n. Precondition: n > 0.
[[nodiscard]] Interval wilson_interval(std::size_t hits, std::size_t n);

}  // namespace ipr::report
