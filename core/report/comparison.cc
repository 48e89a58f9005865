#include "core/report/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>

namespace ipr::report {
namespace {

bool is_binary(const std::vector<double>& outcomes) {
  return std::all_of(outcomes.begin(), outcomes.end(), [](double x) { return x == 0 || x == 1; });
}

// Differences by unit. Rewards are sums of shares: what is 0 up to rounding is 0.
std::vector<double> unit_sums(const std::vector<double>& differences, const std::vector<std::string>& clusters) {
  std::vector<double> sums;
  std::map<std::string_view, double> clustered;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    if (clusters[i].empty()) {
      sums.push_back(differences[i]);
    } else {
      clustered[clusters[i]] += differences[i];
    }
  }
  for (const auto& [cluster, sum] : clustered) sums.push_back(sum);
  for (double& sum : sums) {
    if (std::abs(sum) < 1e-12) sum = 0;
  }
  return sums;
}

double exact_mcnemar(const std::vector<double>& differences) {
  const auto gained = std::count(differences.begin(), differences.end(), 1.0);
  const auto lost = std::count(differences.begin(), differences.end(), -1.0);
  return mcnemar_test(static_cast<std::size_t>(gained), static_cast<std::size_t>(lost));
}

}  // namespace

Comparison compare_paired(const std::vector<double>& outcomes, const std::vector<double>& baseline,
                          const std::vector<std::string>& clusters) {
  std::vector<double> differences(outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) differences[i] = outcomes[i] - baseline[i];
  Comparison comparison;
  comparison.difference = estimate_clustered_mean(differences, clusters);
  const Estimate& difference = comparison.difference;
  if (difference.clusters < 2) return comparison;
  comparison.mde = minimum_detectable_effect(difference);
  const bool clustered = difference.clusters < difference.n;
  if (!clustered && is_binary(outcomes) && is_binary(baseline)) {
    comparison.p = exact_mcnemar(differences);
    comparison.test = "exact McNemar";
    return comparison;
  }
  const std::vector<double> sums = unit_sums(differences, clusters);
  const auto nonzero = sums.size() - static_cast<std::size_t>(std::count(sums.begin(), sums.end(), 0.0));
  const bool no_spread = difference.standard_error <= 1e-12 * std::abs(difference.mean);
  if (nonzero <= kExactFlips || no_spread) {
    comparison.p = sign_flip_test(sums);
    comparison.test = "exact sign-flip";
  } else {
    comparison.p = t_test(difference);
    comparison.test = clustered ? "clustered paired t" : "paired t";
  }
  return comparison;
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(order.size() - i) * p[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

}  // namespace ipr::report
