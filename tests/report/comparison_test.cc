#include "core/report/comparison.h"

#include <cmath>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;

namespace {

using Keys = std::vector<std::string>;

Comparison compare(const std::vector<double>& outcomes, const std::vector<double>& baseline,
                   const Keys& clusters = {}) {
  return compare_paired(outcomes, baseline, clusters.empty() ? Keys(outcomes.size()) : clusters);
}

}  // namespace

TEST_CASE("0/1 outcomes are compared by the exact McNemar test", "[report][comparison]") {
  // 5 tasks gained, 1 lost, 4 as before: 2 · (1 + 6) / 2^6. Mean (5 - 1)/10.
  const Comparison found = compare({1, 1, 1, 1, 1, 0, 0, 1, 0, 1}, {0, 0, 0, 0, 0, 1, 0, 1, 0, 1});
  CHECK(found.test == "exact McNemar");
  CHECK(*found.p == Approx(14.0 / 64));
  CHECK(found.difference.mean == Approx(0.4));
  // Squares: 6 of 1; sum of squared residuals 6 - 10 · 0.16 = 4.4; standard error √(4.4/90); t(0.975, 9) = 2.262157.
  CHECK(found.difference.interval->low == Approx(0.4 - 2.262157163 * std::sqrt(4.4 / 90)));
}

TEST_CASE("few differences are compared by flipping the signs of whole clusters", "[report][comparison]") {
  // Differences +0.5 | +0.5 +0.25 | -0.25 in clusters a, b, c: sums 0.5, 0.75, -0.25, together 1. Of the 8 sign
  // assignments +++ (1.5), ++- (1), their negatives reach |1|; +-+ (-0.5), -++ (0) and theirs do not: 4/8.
  const Comparison found = compare({1, 0.75, 0.5, 0.25}, {0.5, 0.25, 0.25, 0.5}, {"a", "b", "b", "c"});
  CHECK(found.test == "exact sign-flip");
  CHECK(*found.p == Approx(4.0 / 8));
  CHECK(found.difference.clusters == 3);
}

TEST_CASE("many differences are compared by the t-test of the interval", "[report][comparison]") {
  Rng rng(7);
  int disagreements = 0;
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<double> outcomes(40), baseline(40);
    Keys clusters(40);
    for (std::size_t i = 0; i < 40; ++i) {
      outcomes[i] = rng.uniform() + 0.1;
      baseline[i] = rng.uniform();
      if (trial % 2 == 1) clusters[i] = std::to_string(i / (1 + i % 2));
    }
    const Comparison found = compare(outcomes, baseline, clusters);
    REQUIRE(found.test == (trial % 2 == 1 ? "clustered paired t" : "paired t"));
    const bool excludes = found.difference.interval->low > 0 || found.difference.interval->high < 0;
    disagreements += (*found.p < 0.05) != excludes;
  }
  CHECK(disagreements == 0);
}

TEST_CASE("what cannot be compared has no p, and nothing is ever not a number", "[report][comparison]") {
  for (const Comparison& found : {compare({}, {}), compare({1}, {0}), compare({1, 0.5}, {0, 0}, {"a", "a"})}) {
    CHECK_FALSE(found.p.has_value());
    CHECK(found.test.empty());
    CHECK_FALSE(found.mde.has_value());
    CHECK_FALSE(found.difference.interval.has_value());
    CHECK(std::isfinite(found.difference.mean));
  }
  const Comparison equal = compare({0.5, 1, 0}, {0.5, 1, 0});
  CHECK(*equal.p == 1);
  CHECK(*equal.difference.interval == Interval{0, 0});
  CHECK_FALSE(equal.mde.has_value());  // no spread: nothing is known about what would be found
  const Comparison zeros = compare({0, 0, 0}, {0, 0, 0});
  CHECK(*zeros.p == 1);
  // The same gain on every task: the interval has no width, but 3 tasks are no proof. 2 of 2^3 assignments.
  CHECK(*compare({0.6, 0.6, 0.6}, {0.5, 0.5, 0.5}).p == Approx(0.25));
  const Comparison many = compare(std::vector<double>(40, 0.3), std::vector<double>(40, 0.2));
  CHECK(many.test == "exact sign-flip");
  CHECK(*many.p == Approx(std::exp2(-39)));
}

TEST_CASE("Holm's correction worked by hand", "[report][comparison]") {
  // Sorted 0.01 0.02 0.03 0.04: times 4, 3, 2, 1 is 0.04 0.06 0.06 0.04, made monotone 0.04 0.06 0.06 0.06.
  const std::vector<double> adjusted = holm({0.03, 0.01, 0.04, 0.02});
  CHECK(adjusted[0] == Approx(0.06));
  CHECK(adjusted[1] == Approx(0.04));
  CHECK(adjusted[2] == Approx(0.06));
  CHECK(adjusted[3] == Approx(0.06));
  CHECK(holm({0.5, 0.9}) == std::vector<double>{1, 1});
  CHECK(holm({0.2}) == std::vector<double>{0.2});
  CHECK(holm({}).empty());
}
