#include "sequential.h"

#include <algorithm>
#include <cmath>

namespace mc {
namespace {

double shrunk_variance(const Moments& moments, double spread) {
  return (spread * spread + moments.squares) / static_cast<double>(moments.n);
}

// Of the mean of all `cap` samples, given those seen.
double variance_ahead(const Moments& moments, const StopRules& rules) {
  if (moments.n == 0 || moments.n >= rules.cap) return 0;
  const auto n = static_cast<double>(moments.n), cap = static_cast<double>(rules.cap);
  return shrunk_variance(moments, rules.spread) * (cap - n) / (cap * n);
}

// The 97.5 % quantile of Student's t. From three degrees of freedom on by the expansion around the normal one
// (Abramowitz and Stegun 26.7.5), which is then less than 1 % too small.
double student_quantile(std::size_t degrees) {
  if (degrees == 1) return 12.706;
  if (degrees == 2) return 4.303;
  constexpr double z = 1.959964, z2 = z * z;
  const auto n = static_cast<double>(degrees);
  return z * (1 + (z2 + 1) / (4 * n) + ((5 * z2 + 16) * z2 + 3) / (96 * n * n) +
              (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * n * n * n));
}

}  // namespace

Moments moments_of(std::span<const double> samples) {
  Moments moments{samples.size(), 0, 0};
  for (const double sample : samples) moments.mean += sample;
  moments.mean /= static_cast<double>(samples.size());
  for (const double sample : samples) moments.squares += (sample - moments.mean) * (sample - moments.mean);
  return moments;
}

double sample_variance(const Moments& moments) {
  return moments.n > 1 ? moments.squares / static_cast<double>(moments.n - 1) : 0;
}

Interval interval_of(const Moments& moments, double spread) {
  if (moments.n == 0) return {moments.mean, moments.mean};
  if (moments.n == 1) return {};
  const double error = std::sqrt(shrunk_variance(moments, spread) / static_cast<double>(moments.n));
  const double half = student_quantile(moments.n) * error;
  return {moments.mean - half, moments.mean + half};
}

double normal_quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

Verdict verdict(const Moments& ahead, const Moments& behind, double margin, const StopRules& rules) {
  const double excess = ahead.mean - behind.mean - margin;
  const double error = std::sqrt(variance_ahead(ahead, rules) + variance_ahead(behind, rules));
  constexpr double kRounding = 1e-9;  // as the rules of pairs have it: 0.8 against 0.7 is not above 0.1
  if (error == 0) return excess > kRounding ? Verdict::kPair : Verdict::kNone;
  if (excess > rules.z_pair * error) return Verdict::kPair;
  return -excess > rules.z_none * error ? Verdict::kNone : Verdict::kOpen;
}

Verdict verdict_of_either(const Moments& one, const Moments& other, double margin, const StopRules& rules) {
  const Verdict first = verdict(one, other, margin, rules), second = verdict(other, one, margin, rules);
  if (first == Verdict::kPair || second == Verdict::kPair) return Verdict::kPair;
  return first == Verdict::kNone && second == Verdict::kNone ? Verdict::kNone : Verdict::kOpen;
}

}  // namespace mc
