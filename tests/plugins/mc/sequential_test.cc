#include "plugins/mc/sequential.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace mc;

namespace {

Moments of(const std::vector<double>& samples) {
  return moments_of(samples);
}

const StopRules kRules = {20, 0.5, normal_quantile(0.995), normal_quantile(0.95)};

// Samples until the verdict, in rounds of two; what the scorer does with two steps.
struct Stopped {
  std::size_t n = 0;
  bool pair = false;
};
Stopped stop(const std::vector<double>& ahead, const std::vector<double>& behind, double margin) {
  for (std::size_t n = 2;; n += 2) {
    const Moments a = moments_of(std::span(ahead).first(n)), b = moments_of(std::span(behind).first(n));
    const Verdict verdict = mc::verdict(a, b, margin, kRules);
    if (verdict != Verdict::kOpen) return {n, a.mean - b.mean - margin > 1e-9};
  }
}

std::vector<double> coin_tosses(ipr::Rng& rng, double p, std::size_t n) {
  std::vector<double> tosses;
  for (std::size_t i = 0; i < n; ++i) tosses.push_back(rng.uniform() < p ? 1 : 0);
  return tosses;
}

}  // namespace

TEST_CASE("moments of a few numbers", "[mc][sequential]") {
  const Moments moments = of({1, 0, 0.5, 0.5});
  CHECK(moments.n == 4);
  CHECK(moments.mean == 0.5);
  CHECK(moments.squares == 0.5);
  CHECK(sample_variance(moments) == Approx(0.5 / 3));
  CHECK(sample_variance(of({1})) == 0);
}

TEST_CASE("normal quantiles", "[mc][sequential]") {
  CHECK(normal_quantile(0.5) == Approx(0).margin(1e-9));
  CHECK(normal_quantile(0.975) == Approx(1.959964));
  CHECK(normal_quantile(0.05) == Approx(-1.644854));
}

TEST_CASE("an interval by hand: one more sample at the assumed spread, t of n degrees", "[mc][sequential]") {
  // s² = (0.25 + 0.5) / 4 = 0.1875, s / 2 = 0.21651; t(4) = 2.776
  const Interval interval = interval_of(of({1, 0, 0.5, 0.5}), 0.5);
  CHECK(interval.high - 0.5 == Approx(2.776 * 0.216506).epsilon(5e-3));
  CHECK(0.5 - interval.low == Approx(interval.high - 0.5));
  // t(2) = 4.303, s² = 0.25 / 2
  CHECK(interval_of(of({1, 1}), 0.5).high == Approx(1 + 4.303 * 0.25));
  CHECK(interval_of(known(0.3), 0.5).low == 0.3);
  CHECK(interval_of(known(0.3), 0.5).high == 0.3);
  CHECK(interval_of(of({1}), 0.5).low == interval_of(of({1}), 0.5).high);
}

TEST_CASE("verdicts by hand", "[mc][sequential]") {
  // Two of 20, all equal: s² = 0.125 each, the rest of the error √(2 · 0.125 · 18 / 40) = 0.33541.
  const double rest = std::sqrt(2 * 0.125 * 18 / 40);
  CHECK(verdict(of({1, 1}), of({0, 0}), 1 - 2.58 * rest, kRules) == Verdict::kPair);
  CHECK(verdict(of({1, 1}), of({0, 0}), 1 - 2.57 * rest, kRules) == Verdict::kOpen);
  CHECK(verdict(of({1, 1}), of({0, 0}), 1 + 1.64 * rest, kRules) == Verdict::kOpen);
  CHECK(verdict(of({1, 1}), of({0, 0}), 1 + 1.65 * rest, kRules) == Verdict::kNone);
  // Known outcomes leave half of the error, and nothing where both are known.
  CHECK(verdict(of({1, 1}), known(0), 1 - 2.58 * rest / std::sqrt(2.0), kRules) == Verdict::kPair);
  CHECK(verdict(known(0.6), known(0.5), 0.05, kRules) == Verdict::kPair);
  CHECK(verdict(known(0.8), known(0.7), 0.1, kRules) == Verdict::kNone);  // 0.8 - 0.7 > 0.1 in binary
}

TEST_CASE("nothing is open at the cap", "[mc][sequential]") {
  std::vector<double> ones(20, 1), mixed(20, 1);
  mixed[7] = 0;
  CHECK(verdict(of(ones), of(mixed), 0.04, kRules) == Verdict::kPair);
  CHECK(verdict(of(ones), of(mixed), 0.05, kRules) == Verdict::kNone);
  CHECK(verdict(of(ones), of(ones), 0, kRules) == Verdict::kNone);
}

TEST_CASE("a pair that either side may win is refused only where neither would", "[mc][sequential]") {
  const Moments high = of(std::vector<double>(10, 1)), low = of(std::vector<double>(10, 0));
  CHECK(verdict_of_either(high, low, 0.1, kRules) == Verdict::kPair);
  CHECK(verdict_of_either(low, high, 0.1, kRules) == Verdict::kPair);
  CHECK(verdict_of_either(high, high, 0.05, kRules) == Verdict::kOpen);
  CHECK(verdict_of_either(high, high, 0.9, kRules) == Verdict::kNone);
}

// 20,000 pairs of coins of known chances, two fixed seeds: how often the early end says another thing than all 20
// samples would, and what it saves. What is promised holds for one look; there are nine.
TEST_CASE("early ends agree with the cap in 97 of 100 cases, and save half of the samples", "[mc][sequential]") {
  for (const std::uint64_t seed : {1, 2}) {
    ipr::Rng rng(seed);
    std::size_t pairs = 0, nones = 0, wrong_pairs = 0, wrong_nones = 0, used = 0;
    constexpr std::size_t kRepeats = 20000;
    for (std::size_t i = 0; i < kRepeats; ++i) {
      const double p = rng.uniform(), q = rng.uniform(), margin = 0.05;
      const std::vector<double> a = coin_tosses(rng, p, 20), b = coin_tosses(rng, q, 20);
      const bool full = moments_of(a).mean - moments_of(b).mean - margin > 1e-9;
      const Stopped early = stop(a, b, margin);
      used += early.n;
      if (early.n == 20) continue;
      ++(early.pair ? pairs : nones);
      if (early.pair && !full) ++wrong_pairs;
      if (!early.pair && full) ++wrong_nones;
    }
    CAPTURE(seed, pairs, nones, wrong_pairs, wrong_nones, used);
    CHECK(pairs > 4000);
    CHECK(nones > 4000);
    CHECK(static_cast<double>(wrong_pairs) < 0.03 * static_cast<double>(pairs));
    CHECK(static_cast<double>(wrong_nones) < 0.03 * static_cast<double>(nones));
    CHECK(used < kRepeats * 10);
  }
}

TEST_CASE("intervals of coins hold the chance in about 95 of 100", "[mc][sequential]") {
  ipr::Rng rng(3);
  for (const std::size_t n : {5, 10, 20}) {
    std::size_t held = 0;
    constexpr std::size_t kRepeats = 20000;
    for (std::size_t i = 0; i < kRepeats; ++i) {
      const double p = rng.uniform();
      const Interval interval = interval_of(moments_of(coin_tosses(rng, p, n)), 0.5);
      if (interval.low <= p && p <= interval.high) ++held;
    }
    CAPTURE(n, held);
    CHECK(held > kRepeats * 93 / 100);
    CHECK(held < kRepeats * 97 / 100);
  }
}
