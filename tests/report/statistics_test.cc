#include "core/report/statistics.h"

#include <cmath>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;

namespace {

// A standard normal number (Box-Muller).
double normal(Rng& rng) {
  const double radius = std::sqrt(-2 * std::log(1 - rng.uniform()));
  return radius * std::cos(2 * std::acos(-1.0) * rng.uniform());
}

bool holds(const std::optional<Interval>& interval, double truth) {
  return interval && interval->low <= truth && truth <= interval->high;
}

}  // namespace

TEST_CASE("normal and Student quantiles agree with printed tables", "[report][statistics]") {
  CHECK(normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-12));
  CHECK(normal_quantile(0.8) == Approx(0.8416212335729143).epsilon(1e-12));
  CHECK(normal_quantile(0.001) == Approx(-3.090232306167814).epsilon(1e-12));
  CHECK(normal_cdf(1) == Approx(0.8413447460685429).epsilon(1e-12));
  const std::vector<std::pair<double, double>> table{{1, 12.706204736}, {2, 4.302652730},  {3, 3.182446305},
                                                     {5, 2.570581836},  {10, 2.228138852}, {29, 2.045229642},
                                                     {99, 1.984216952}, {499, 1.964729390}};
  for (const auto& [df, t] : table) {
    CAPTURE(df);
    CHECK(student_quantile(0.975, df) == Approx(t).epsilon(1e-8));
    CHECK(student_quantile(0.025, df) == Approx(-t).epsilon(1e-8));
    CHECK(student_cdf(t, df) == Approx(0.975).epsilon(1e-8));
  }
  CHECK(student_quantile(0.995, 4) == Approx(4.604094871).epsilon(1e-8));
  CHECK(student_quantile(0.5, 7) == Approx(0).margin(1e-12));
  CHECK(student_quantile(0.975, 1e7) == Approx(1.95996).epsilon(1e-5));
}

TEST_CASE("the distribution with one and two degrees of freedom is the closed form", "[report][statistics]") {
  for (const double t : {-30.0, -2.0, -0.1, 0.0, 0.5, 3.0, 100.0}) {
    CAPTURE(t);
    CHECK(student_cdf(t, 1) == Approx(0.5 + std::atan(t) / std::acos(-1.0)).epsilon(1e-12));
    CHECK(student_cdf(t, 2) == Approx(0.5 + t / (2 * std::sqrt(2 + t * t))).epsilon(1e-12));
  }
  CHECK(incomplete_beta(1, 1, 0.3) == Approx(0.3));
  CHECK(incomplete_beta(2, 3, 0.4) == Approx(0.5248));
  CHECK(incomplete_beta(3, 2, 0.6) == Approx(1 - 0.5248));
  CHECK(incomplete_beta(2, 3, 0) == 0);
  CHECK(incomplete_beta(2, 3, 1) == 1);
}

TEST_CASE("mean and interval of a sample worked by hand", "[report][statistics]") {
  // 2 4 4 4 5 5 7 9: mean 5, sum of squares 32, s² = 32/7, standard error √(32/56).
  const Estimate estimate = estimate_mean({2, 4, 4, 4, 5, 5, 7, 9});
  CHECK(estimate.n == 8);
  CHECK(estimate.mean == Approx(5));
  CHECK(estimate.standard_error == Approx(std::sqrt(32.0 / 56)));
  CHECK(estimate.df == 7);
  CHECK(estimate.interval->low == Approx(5 - 2.364624252 * std::sqrt(32.0 / 56)));
  CHECK(estimate.interval->high == Approx(5 + 2.364624252 * std::sqrt(32.0 / 56)));
  CHECK(minimum_detectable_effect(estimate) == Approx((2.364624252 + 0.896029645) * std::sqrt(32.0 / 56)));
}

TEST_CASE("too few values give no interval, equal values give one without width", "[report][statistics]") {
  CHECK(estimate_mean({}).n == 0);
  CHECK_FALSE(estimate_mean({}).interval.has_value());
  CHECK(estimate_mean({3}).mean == 3);
  CHECK_FALSE(estimate_mean({3}).interval.has_value());
  CHECK_FALSE(t_test(estimate_mean({3})).has_value());
  CHECK_FALSE(minimum_detectable_effect(estimate_mean({3})).has_value());
  CHECK(estimate_mean({0.5, 0.5, 0.5}).interval == Interval{0.5, 0.5});
  CHECK(t_test(estimate_mean({0, 0, 0})) == 1);
  CHECK(t_test(estimate_mean({0.5, 0.5, 0.5})) == 0);
}

TEST_CASE("the paired t-test agrees with its interval and with a value worked by hand", "[report][statistics]") {
  // Differences 1 2 3: mean 2, standard error 1/√3, t = 2√3, df 2: p = 2·(1 - F(2√3)) by the closed form.
  const double t = 2 * std::sqrt(3.0);
  CHECK(*t_test(estimate_mean({1, 2, 3})) == Approx(1 - t / std::sqrt(2 + t * t)));
  Rng rng(3);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> differences(2 + rng.below(10));
    for (double& difference : differences) difference = normal(rng) + 0.5;
    const Estimate estimate = estimate_mean(differences);
    CHECK((*t_test(estimate) < 0.05) == !holds(estimate.interval, 0));
  }
}

TEST_CASE("clustered errors worked by hand", "[report][statistics]") {
  // Clusters of one size, 1 2 | 3 6: mean 3, residual sums -3 and +3. CR1 = 2 · 18/16, df 1.
  const std::vector<double> values{1, 2, 3, 6};
  const Estimate even = estimate_clustered_mean(values, {"a", "a", "b", "b"});
  CHECK(even.standard_error == Approx(std::sqrt(36.0 / 16)));
  CHECK(even.df == 1);
  CHECK(even.n == 4);
  CHECK(even.clusters == 2);
  // Clusters of 1, 1 and 2: 0 | 2 | 3 7, mean 3, residual sums -3 -1 +4, shares 1/4 1/4 1/2.
  // Variance (9/(3/4) + 1/(3/4) + 16/(1/2)) / 16 = 17/6.
  // q = 1/12 1/12 1/2; 1/df = 3/8 + (2/3)² - (1/144 + 1/144 + 1/4) = 5/9.
  const Estimate uneven = estimate_clustered_mean({0, 2, 3, 7}, {"a", "", "b", "b"});
  CHECK(uneven.standard_error == Approx(std::sqrt(17.0 / 6)));
  CHECK(uneven.df == Approx(9.0 / 5));
  CHECK(uneven.clusters == 3);
  // Every value a cluster of its own, named or not: the plain interval.
  const Estimate plain = estimate_mean(values);
  CHECK(estimate_clustered_mean(values, {"a", "b", "c", "d"}).interval->low == Approx(plain.interval->low));
  CHECK(estimate_clustered_mean(values, {"a", "", "", "d"}).df == 3);
  // One cluster: nothing is known about the chance between clusters.
  CHECK_FALSE(estimate_clustered_mean(values, {"a", "a", "a", "a"}).interval.has_value());
}

TEST_CASE("0/1 outcomes have Wilson's interval, widened by their clusters", "[report][statistics]") {
  const std::vector<double> outcomes{1, 1, 1, 1, 0, 0, 1, 0};
  const std::vector<std::string> apart(8), pairs{"a", "a", "b", "b", "c", "c", "d", "d"};
  CHECK(estimate_outcome(outcomes, apart).interval->low == Approx(wilson_interval(5, 8).low));
  CHECK(estimate_outcome(outcomes, apart).interval->high == Approx(wilson_interval(5, 8).high));
  // Mean 5/8, residual sums 3/4 3/4 -5/4 -1/4: variance 2.75/(3/4)/64 = 0.057292; independent (15/64)/7 = 0.033482;
  // t(0.975) of df 3 and 7: 3.182446 and 2.364624. Effect 1.711111 · 1.811326 = 3.099380, so Wilson of 8/3.099380.
  const Estimate clustered = estimate_outcome(outcomes, pairs);
  CHECK(clustered.mean == Approx(0.625));
  CHECK(clustered.interval->low == Approx(0.168434).margin(1e-6));
  CHECK(clustered.interval->high == Approx(0.932038).margin(1e-6));
  // Nothing but successes: as many observations as clusters, here 4.
  CHECK(estimate_outcome(std::vector<double>(8, 1), pairs).interval->low == Approx(wilson_interval(4, 4).low));
  CHECK(estimate_outcome(std::vector<double>(8, 0), apart).interval->high == Approx(wilson_interval(0, 8).high));
  CHECK_FALSE(estimate_outcome({1}, {""}).interval.has_value());
  CHECK_FALSE(estimate_outcome({}, {}).interval.has_value());
  // Anything between 0 and 1 is a graded reward.
  CHECK(estimate_outcome({1, 0, 0.5}, {"", "", ""}).interval == estimate_mean({1, 0, 0.5}).interval);
}

TEST_CASE("sign-flip tests are exact for few differences", "[report][statistics]") {
  CHECK(sign_flip_test({1, 1, 1, 1, 1}) == Approx(2.0 / 32));
  CHECK(sign_flip_test({1, 2, -1}) == Approx(6.0 / 8));  // |sum| ≥ 2: 2 of ±4, 4 of ±2
  CHECK(sign_flip_test({0.1, 0.2, -0.3}) == 1);          // a sum of 0 up to rounding
  CHECK(sign_flip_test({0, 0}) == 1);
  CHECK(sign_flip_test({}) == 1);
  CHECK(sign_flip_test({0, 3, 0, 3}) == Approx(0.5));  // zeros do not count
}

TEST_CASE("sampled sign flips come near the t-test and repeat for a seed", "[report][statistics]") {
  Rng rng(5);
  std::vector<double> differences(200);
  for (double& difference : differences) difference = normal(rng) + 0.12;
  const double p = sign_flip_test(differences);
  CHECK(p == Approx(*t_test(estimate_mean(differences))).margin(0.015));
  CHECK(p == sign_flip_test(differences));
  CHECK(p != sign_flip_test(differences, 20000, 2));
  std::vector<double> nearly_one_sign(100, 1.0);
  nearly_one_sign[0] = -0.001;
  CHECK(sign_flip_test(nearly_one_sign, 999) == Approx(1.0 / 1000));
  CHECK(sign_flip_test(std::vector<double>(100, 1.0), 999) == Approx(std::exp2(-99)));  // in closed form
}

TEST_CASE("the exact McNemar test is the binomial tail", "[report][statistics]") {
  CHECK(mcnemar_test(0, 0) == 1);
  CHECK(mcnemar_test(5, 0) == Approx(2.0 / 32));
  CHECK(mcnemar_test(1, 8) == Approx(2 * (1 + 9) / 512.0));
  CHECK(mcnemar_test(4, 4) == 1);
  for (const auto& [gained, lost] : std::vector<std::pair<int, int>>{{7, 2}, {3, 9}, {10, 4}}) {
    std::vector<double> flips(gained, 1.0);
    flips.insert(flips.end(), lost, -1.0);
    CHECK(mcnemar_test(gained, lost) == Approx(sign_flip_test(flips)));
  }
}

TEST_CASE("Wilson intervals of shares agree with published values and stay inside 0 and 1", "[report][statistics]") {
  const Interval half = wilson_interval(10, 20);
  CHECK(half.low == Approx(0.2993).margin(1e-4));
  CHECK(half.high == Approx(0.7007).margin(1e-4));
  CHECK(wilson_interval(0, 10).low == 0);
  CHECK(wilson_interval(0, 10).high == Approx(0.2775).margin(1e-4));
  CHECK(wilson_interval(10, 10).high == Approx(1));
  CHECK(wilson_interval(10, 10).high <= 1);
  CHECK(wilson_interval(81, 263).low == Approx(0.2553).margin(1e-4));  // Newcombe 1998, table 1
  CHECK(wilson_interval(81, 263).high == Approx(0.3662).margin(1e-4));
}

TEST_CASE("the minimum detectable effect is detected in about 80 % of experiments", "[report][statistics]") {
  Rng rng(9);
  const double truth = *minimum_detectable_effect(Estimate{40, 0, 1 / std::sqrt(40.0), 39, {}});
  int found = 0;
  constexpr int kTrials = 3000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> differences(40);
    for (double& difference : differences) difference = truth + normal(rng);
    found += *t_test(estimate_mean(differences)) < 0.05;
  }
  CHECK(static_cast<double>(found) / kTrials == Approx(0.8).margin(0.03));
}
