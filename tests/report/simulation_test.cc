// The promises of statistics.h and comparison.h on generated data of the kinds that runs have: how often intervals hold
// the truth, and how often a table calls a policy better that is not. Fixed seeds: the same counts on every run.

#include <cmath>

#include "core/base/rng.h"
#include "core/report/leaderboard.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;

namespace {

using Keys = std::vector<std::string>;

bool holds(const std::optional<Interval>& interval, double truth) {
  return interval && interval->low <= truth && truth <= interval->high;
}

// Uniform with mean 0 and this standard deviation.
double noise(Rng& rng, double deviation) {
  return (rng.uniform() - 0.5) * deviation * std::sqrt(12.0);
}

// 56 clusters of 8 to 10 tasks: the generated shop's test split by product.
Keys even_clusters() {
  Keys keys;
  for (int cluster = 0; cluster < 56; ++cluster) keys.insert(keys.end(), 8 + cluster % 3, std::to_string(cluster));
  return keys;
}

// 180 clusters of 1 to 24 tasks, most of them single: the official 1,000 products' test split by product.
Keys uneven_clusters() {
  Keys keys;
  for (int cluster = 0; cluster < 180; ++cluster) {
    const int size = cluster < 8 ? 24 - 2 * cluster : cluster < 60 ? 5 : 1;
    keys.insert(keys.end(), static_cast<std::size_t>(size), std::to_string(cluster));
  }
  return keys;
}

// Differences by task: a part that the tasks of a cluster share, and one of their own; mean 0.
std::vector<double> clustered_noise(Rng& rng, const Keys& clusters, double shared, double own) {
  std::map<std::string, double> effects;
  std::vector<double> values;
  for (const std::string& cluster : clusters) {
    const auto [effect, fresh] = effects.try_emplace(cluster, 0);
    if (fresh) effect->second = noise(rng, shared);
    values.push_back(effect->second + noise(rng, own));
  }
  return values;
}

void check_coverage(int covered, int trials) {
  const double share = static_cast<double>(covered) / trials;
  CAPTURE(share);
  CHECK(share >= 0.93);
  CHECK(share <= 0.97);
}

// A reward in quarters, as a shop pays it: bought everything asked for, or part of it, or nothing.
double graded(Rng& rng, double skill) {
  const double luck = skill + noise(rng, 0.25);
  return std::floor(4 * std::min(1.0, std::max(0.0, luck))) / 4;
}

}  // namespace

TEST_CASE("intervals of graded rewards hold the truth", "[report][simulation]") {
  Rng rng(101);
  constexpr int kTrials = 1000;
  double truth = 0;
  for (int i = 0; i < 200000; ++i) truth += graded(rng, 0.75) / 200000;
  int mean = 0, difference = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> outcomes(100), baseline(100);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      outcomes[i] = graded(rng, 0.75);
      // Most tasks end alike under both policies.
      baseline[i] = rng.below(3) > 0 ? outcomes[i] : graded(rng, 0.75);
    }
    const Keys apart(outcomes.size());
    mean += holds(estimate_outcome(outcomes, apart).interval, truth);
    difference += holds(compare_paired(outcomes, baseline, apart).difference.interval, 0);
  }
  check_coverage(mean, kTrials);
  check_coverage(difference, kTrials);
}

TEST_CASE("intervals of 0/1 outcomes hold the truth, also near 1", "[report][simulation]") {
  Rng rng(102);
  constexpr int kTrials = 1200;
  int half = 0, high = 0, naive = 0, difference = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> even(60), near(60), outcomes(200), baseline(200);
    for (double& value : even) value = rng.uniform() < 0.5;
    for (double& value : near) value = rng.uniform() < 0.97;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {  // won by both 0.6, by one 0.1 or 0.05
      const double kind = rng.uniform();
      outcomes[i] = kind < 0.7;
      baseline[i] = kind < 0.6 || (kind >= 0.7 && kind < 0.75);
    }
    half += holds(estimate_outcome(even, Keys(even.size())).interval, 0.5);
    high += holds(estimate_outcome(near, Keys(near.size())).interval, 0.97);
    naive += holds(estimate_mean(near).interval, 0.97);
    difference += holds(compare_paired(outcomes, baseline, Keys(outcomes.size())).difference.interval, 0.05);
  }
  check_coverage(half, kTrials);
  check_coverage(high, kTrials);
  check_coverage(difference, kTrials);
  CHECK(static_cast<double>(naive) / kTrials < 0.9);  // what Wilson's interval is for
}

TEST_CASE("intervals of clustered tasks hold the truth", "[report][simulation]") {
  Rng rng(103);
  constexpr int kTrials = 600;
  const Keys even = even_clusters(), uneven = uneven_clusters();
  int covered_even = 0, covered_uneven = 0, independent = 0, naive = 0, shares = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const std::vector<double> values = clustered_noise(rng, even, 0.2, 0.3);
    covered_even += holds(estimate_clustered_mean(values, even).interval, 0);
    naive += holds(estimate_mean(values).interval, 0);
    covered_uneven += holds(estimate_clustered_mean(clustered_noise(rng, uneven, 0.1, 0.3), uneven).interval, 0);
    independent += holds(estimate_clustered_mean(clustered_noise(rng, uneven, 0, 0.3), uneven).interval, 0);
    // Success by products that are easy or hard: 0.8 ± 0.15.
    std::vector<double> won = clustered_noise(rng, even, 0.15, 0);
    for (double& value : won) value = rng.uniform() < 0.7 + value;
    shares += holds(estimate_outcome(won, even).interval, 0.7);
  }
  check_coverage(covered_even, kTrials);
  check_coverage(covered_uneven, kTrials);
  check_coverage(independent, kTrials);
  check_coverage(shares, kTrials);
  CHECK(static_cast<double>(naive) / kTrials < 0.85);  // what clustering is for
}

TEST_CASE("a policy that is not better is rarely called better", "[report][simulation]") {
  Rng rng(104);
  constexpr int kTrials = 1000;
  int exact = 0, few = 0, clustered = 0;
  const auto low = [](const Comparison& found) {
    return found.p && *found.p < 0.05 && found.difference.mean > 0 && found.difference.interval->low > 0;
  };
  Keys groups;
  for (int i = 0; i < 120; ++i) groups.push_back(std::to_string(i / 4));
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> won(100), start_won(100), reward(40), start_reward(40);
    for (std::size_t i = 0; i < won.size(); ++i) {
      const bool same = rng.below(8) > 0;
      won[i] = rng.below(2) == 0;
      start_won[i] = same ? won[i] : rng.below(2) == 0;
    }
    for (std::size_t i = 0; i < reward.size(); ++i) {
      reward[i] = graded(rng, 0.6);
      start_reward[i] = rng.below(4) > 0 ? reward[i] : graded(rng, 0.6);
    }
    exact += low(compare_paired(won, start_won, Keys(won.size())));
    few += low(compare_paired(reward, start_reward, Keys(reward.size())));
    clustered +=
        low(compare_paired(clustered_noise(rng, groups, 0.2, 0.3), std::vector<double>(groups.size()), groups));
  }
  for (const int wrong : {exact, few, clustered}) CHECK(static_cast<double>(wrong) / kTrials <= 0.06);
}

namespace {

// One run of five iterations that change nothing: rows of one split against the start, as make_leaderboard has them.
struct NullRun {
  std::vector<Row> rows;
  explicit NullRun(Rng& rng, std::size_t tasks) {
    std::vector<double> start(tasks), p;
    std::vector<double> skills(tasks);
    for (std::size_t i = 0; i < tasks; ++i) start[i] = graded(rng, skills[i] = rng.uniform());
    for (int iteration = 0; iteration < 5; ++iteration) {
      std::vector<double> outcomes(tasks);
      for (std::size_t i = 0; i < tasks; ++i) outcomes[i] = graded(rng, skills[i]);
      const Comparison found = compare_paired(outcomes, start, Keys(tasks));
      Row row;
      row.diff = found.difference.mean;
      row.diff_ci95 = found.difference.interval;
      row.p = found.p;
      p.push_back(found.p.value_or(1));
      rows.push_back(row);
    }
    const std::vector<double> adjusted = holm(p);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].p_adjusted = adjusted[i];
  }
};

}  // namespace

TEST_CASE("choosing among iterations does not make a false finding", "[report][simulation]") {
  Rng rng(105);
  constexpr int kTrials = 500;
  int on_test = 0, any_row = 0, on_dev = 0, uncorrected_on_dev = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const NullRun dev(rng, 60), test(rng, 100);
    std::size_t chosen = 0;
    for (std::size_t i = 1; i < dev.rows.size(); ++i) {
      if (*dev.rows[i].diff > *dev.rows[chosen].diff) chosen = i;
    }
    on_test += finding(test.rows[chosen]) == Finding::kBetter;
    any_row +=
        std::any_of(test.rows.begin(), test.rows.end(), [](const Row& r) { return finding(r) == Finding::kBetter; });
    on_dev += finding(dev.rows[chosen]) == Finding::kBetter;
    uncorrected_on_dev += *dev.rows[chosen].p < 0.05 && *dev.rows[chosen].diff > 0;
  }
  for (const int wrong : {on_test, any_row, on_dev}) CHECK(static_cast<double>(wrong) / kTrials <= 0.06);
  CHECK(static_cast<double>(uncorrected_on_dev) / kTrials > 0.06);  // what the correction is for
}
