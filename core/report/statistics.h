// The statistics of the tables: intervals, paired differences, clustered errors, exact tests.
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
  double df = 0;                     // degrees of freedom: n - 1, or clusters - 1
  std::optional<Interval> interval;  // mean ± t(0.975, df) · standard_error; empty where df < 1
};

// Mean and t-interval of independent values: standard error s/√n, s² with n - 1.
[[nodiscard]] Estimate estimate_mean(const std::vector<double>& values);

enum class Correction {
  kCR0,  // none: too small with few clusters
  kCR1   // times √(G/(G-1)), the usual small-sample factor for a mean
};
// The same where values of one cluster are correlated. `clusters[i]` is the key of values[i]; an empty key is a cluster
// of its own. With e_i = x_i - mean and G clusters: variance of the mean = (1/n²) Σ_g (Σ_{i in g} e_i)², times G/(G-1)
// for CR1 (Liang and Zeger 1986; Cameron and Miller 2015, section II). df = G - 1. All clusters of size one and CR1:
// exactly estimate_mean. Precondition: equal lengths.
[[nodiscard]] Estimate estimate_clustered_mean(const std::vector<double>& values,
                                               const std::vector<std::string>& clusters,
                                               Correction correction = Correction::kCR1);

// Two-sided p-value of "the true mean is 0": 2·P(T_df > |mean|/standard_error). 1 where all values are 0; 0 where all
// are the same other number. Empty where df < 1.
[[nodiscard]] std::optional<double> t_test(const Estimate& difference);

// Two-sided sign-flip permutation test of "the differences are symmetric around 0" (Fisher 1935): the share of sign
// assignments whose |sum| is at least the observed one. Zeros do not count. Exact up to kExactFlips nonzero differences
// (2^k assignments enumerated); beyond, `draws` seeded assignments and (hits + 1)/(draws + 1), which is a valid p-value
// (Phipson and Smyth 2010). 1 where nothing differs.
inline constexpr std::size_t kExactFlips = 16;
[[nodiscard]] double sign_flip_test(const std::vector<double>& differences, std::size_t draws = 20000,
                                    std::uint64_t seed = 1);

// Exact McNemar test for paired 0/1 outcomes: `gained` tasks went from failure to success, `lost` the other way.
// Two-sided binomial tail at 1/2, at most 1.
[[nodiscard]] double mcnemar_test(std::size_t gained, std::size_t lost);

// The smallest true difference that a two-sided 5 % test of an estimate with this standard error finds with 80 %
// chance: (t(0.975, df) + t(0.8, df)) · standard_error (Bloom 1995). Empty where df < 1.
[[nodiscard]] std::optional<double> minimum_detectable_effect(const Estimate& difference, double power = 0.8);

// Wilson score interval of a share (Wilson 1927): stays inside [0, 1] and is useful at 0 and n. Precondition: n > 0.
[[nodiscard]] Interval wilson_interval(std::size_t hits, std::size_t n);

}  // namespace ipr::report
