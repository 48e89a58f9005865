#include "core/report/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "core/base/rng.h"

namespace ipr::report {
namespace {

// std::lgamma writes a global sign; all arguments here are positive.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

// The continued fraction of DLMF 8.17.22, evaluated from the front (modified Lentz).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto not_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= 100000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 / not_zero(1 + term * d);
      c = not_zero(1 + term / c);
      change = c * d;
      fraction *= change;
    }
    if (std::abs(change - 1) < 1e-15) break;
  }
  return fraction;
}

// Wilson's interval with `n` observations, which need not be whole after a design effect.
Interval share_interval(double share, double n) {
  const double z = normal_quantile(0.975);
  const double middle = share + z * z / (2 * n);
  const double half = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // At 0 and 1 middle and half are equal but for rounding.
  return {share == 0 ? 0 : (middle - half) / scale, share == 1 ? 1 : (middle + half) / scale};
}

// The residuals of one cluster.
struct ClusterSum {
  double residuals = 0, size = 0;
};

std::vector<ClusterSum> sum_residuals(const std::vector<double>& values, const std::vector<std::string>& clusters,
                                      double mean) {
  std::vector<ClusterSum> sums;
  std::map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t at = sums.size();
    if (!clusters[i].empty()) at = place.try_emplace(clusters[i], at).first->second;
    if (at == sums.size()) sums.emplace_back();
    sums[at].residuals += values[i] - mean;
    sums[at].size += 1;
  }
  return sums;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(b, a, 1 - x);
  const double log_front = log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) + b * std::log1p(-x);
  return std::exp(log_front) * beta_fraction(a, b, x) / a;
}

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1 - p);
  const double t = std::sqrt(-2 * std::log(p));
  double z = -(t - (2.515517 + 0.802853 * t + 0.010328 * t * t) /
                       (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t));
  for (int i = 0; i < 4; ++i) {
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
    z -= (normal_cdf(z) - p) / density;
  }
  return z;
}

double student_cdf(double t, double df) {
  const double tail = incomplete_beta(df / 2, 0.5, df / (df + t * t)) / 2;
  return t > 0 ? 1 - tail : tail;
}

double student_quantile(double p, double df) {
  if (p < 0.5) return -student_quantile(1 - p, df);
  double low = 0, high = 1;
  while (student_cdf(high, df) < p) high *= 2;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (student_cdf(middle, df) < p ? low : high) = middle;
  }
  return high;
}

Estimate estimate_mean(const std::vector<double>& values) {
  return estimate_clustered_mean(values, std::vector<std::string>(values.size()));
}

Estimate estimate_clustered_mean(const std::vector<double>& values, const std::vector<std::string>& clusters) {
  Estimate estimate;
  estimate.n = values.size();
  estimate.mean = mean_of(values);
  const std::vector<ClusterSum> sums = sum_residuals(values, clusters, estimate.mean);
  estimate.clusters = sums.size();
  if (sums.size() < 2) return estimate;
  const double n = static_cast<double>(values.size());
  double variance = 0, sum_p2 = 0, sum_q = 0, sum_q2 = 0;
  bool equal_sizes = true;
  for (const ClusterSum& cluster : sums) {
    const double p = cluster.size / n, q = p * p / (1 - p);
    variance += cluster.residuals * cluster.residuals / (1 - p) / (n * n);
    sum_p2 += p * p;
    sum_q += q;
    sum_q2 += q * q;
    equal_sizes = equal_sizes && cluster.size == sums[0].size;
  }
  estimate.standard_error = std::sqrt(variance);
  // The closed form where there is one: whole numbers stay whole.
  estimate.df =
      equal_sizes ? static_cast<double>(sums.size() - 1) : std::max(1.0, 1 / (sum_p2 + sum_q * sum_q - sum_q2));
  const double half = student_quantile(0.975, estimate.df) * estimate.standard_error;
  estimate.interval = Interval{estimate.mean - half, estimate.mean + half};
  return estimate;
}

Estimate estimate_outcome(const std::vector<double>& outcomes, const std::vector<std::string>& clusters) {
  Estimate estimate = estimate_clustered_mean(outcomes, clusters);
  const bool shares = std::all_of(outcomes.begin(), outcomes.end(), [](double x) { return x == 0 || x == 1; });
  if (!shares || !estimate.interval) return estimate;
  const double n = static_cast<double>(estimate.n);
  const double spread = estimate.mean * (1 - estimate.mean);
  double effect = n / static_cast<double>(estimate.clusters);
  if (spread > 0) {
    const double wider = student_quantile(0.975, estimate.df) / student_quantile(0.975, n - 1);
    effect = estimate.standard_error * estimate.standard_error / (spread / (n - 1)) * wider * wider;
  }
  estimate.interval = share_interval(estimate.mean, n / std::max(1.0, effect));
  return estimate;
}

std::optional<double> t_test(const Estimate& difference) {
  if (difference.df < 1) return {};
  if (difference.standard_error == 0) return difference.mean == 0 ? 1 : 0;
  const double t = std::abs(difference.mean) / difference.standard_error;
  return 2 * student_cdf(-t, difference.df);
}

double sign_flip_test(const std::vector<double>& differences, std::size_t draws, std::uint64_t seed) {
  std::vector<double> nonzero;
  double observed = 0, scale = 0;
  for (const double value : differences) {
    if (value == 0) continue;
    nonzero.push_back(value);
    observed += value;
    scale += std::abs(value);
  }
  const bool one_sign = std::abs(std::abs(observed) - scale) <= 1e-12 * scale;
  if (one_sign && !nonzero.empty()) return std::exp2(1 - static_cast<double>(nonzero.size()));
  // Equal sums may differ in their last bits by the order of addition.
  const double bound = std::abs(observed) - 1e-9 * scale;
  const auto extreme = [&](std::uint64_t signs) {
    double sum = 0;
    for (std::size_t i = 0; i < nonzero.size(); ++i) sum += (signs >> i & 1) != 0 ? nonzero[i] : -nonzero[i];
    return std::abs(sum) >= bound;
  };
  std::size_t hits = 0;
  if (nonzero.size() <= kExactFlips) {
    const std::uint64_t all = std::uint64_t{1} << nonzero.size();
    for (std::uint64_t signs = 0; signs < all; ++signs) hits += extreme(signs);
    return static_cast<double>(hits) / static_cast<double>(all);
  }
  Rng rng(seed);
  for (std::size_t draw = 0; draw < draws; ++draw) {
    double sum = 0;
    std::uint64_t signs = 0;
    for (std::size_t i = 0; i < nonzero.size(); ++i) {
      if (i % 64 == 0) signs = rng.next();
      sum += (signs >> (i % 64) & 1) != 0 ? nonzero[i] : -nonzero[i];
    }
    hits += std::abs(sum) >= bound;
  }
  return static_cast<double>(hits + 1) / static_cast<double>(draws + 1);
}

double mcnemar_test(std::size_t gained, std::size_t lost) {
  const double n = static_cast<double>(gained + lost);
  double tail = 0;
  for (std::size_t k = 0; k <= std::min(gained, lost); ++k) {
    const double i = static_cast<double>(k);
    tail += std::exp(log_gamma(n + 1) - log_gamma(i + 1) - log_gamma(n - i + 1) - n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

std::optional<double> minimum_detectable_effect(const Estimate& difference, double level, double power) {
  if (difference.df < 1 || difference.standard_error == 0) return {};
  return (student_quantile(1 - level / 2, difference.df) + student_quantile(power, difference.df)) *
         difference.standard_error;
}

Interval wilson_interval(std::size_t hits, std::size_t n) {
  return share_interval(static_cast<double>(hits) / static_cast<double>(n), static_cast<double>(n));
}

}  // namespace ipr::report
