#include "bench/adaptive/pairs.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/rng.h"

namespace ipr::bench {
namespace {

constexpr double kRounding = 1e-9;

int sign(double gap) {
  return gap > kRounding ? 1 : gap < -kRounding ? -1 : 0;
}

}  // namespace

bool makes_pair(double gap, double tau) {
  return gap - tau > kRounding;
}

void add_errors(const std::vector<Candidate>& candidates, const std::vector<Scored>& scored, ValueErrors& errors) {
  const auto add = [&errors](const ipr_score& score, double exact) {
    if (score.samples == 0) return;
    ++errors.steps;
    errors.samples += score.samples;
    errors.absolute += std::abs(score.value - exact);
    errors.squares += (score.value - exact) * (score.value - exact);
    if (score.low <= exact && exact <= score.high) ++errors.covered;
  };
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    add(scored[i].expert, candidates[i].expert_value);
    add(scored[i].agent, candidates[i].agent_value);
  }
}

void judge(const std::vector<Candidate>& candidates, const std::vector<Scored>& scored, double tau, std::uint64_t seed,
           std::vector<Judged>& judged) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    judged.push_back(
        {mix(seed, candidates[i].expert), makes_pair(scored[i].gap(), tau), makes_pair(candidates[i].gap(), tau)});
  }
}

PairCounts count(const std::vector<Judged>& judged) {
  PairCounts counts;
  for (const Judged& one : judged) {
    counts.made += one.made;
    counts.right += one.made && one.right;
    counts.all_right += one.right;
  }
  return counts;
}

Range precision_difference(const std::vector<Judged>& one, const std::vector<Judged>& other, std::uint64_t seed) {
  struct Sums {
    double made = 0, right = 0, other_made = 0, other_right = 0;
  };
  std::map<std::uint64_t, Sums> by_cluster;
  for (std::size_t i = 0; i < one.size(); ++i) {
    Sums& sums = by_cluster[one[i].cluster];
    sums.made += one[i].made;
    sums.right += one[i].made && one[i].right;
    sums.other_made += other[i].made;
    sums.other_right += other[i].made && other[i].right;
  }
  std::vector<Sums> clusters;
  for (const auto& [cluster, sums] : by_cluster) clusters.push_back(sums);
  Rng rng(seed);
  std::vector<double> differences;
  for (int draw = 0; draw < 1000; ++draw) {
    Sums sums;
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      const Sums& drawn = clusters[rng.below(clusters.size())];
      sums.made += drawn.made;
      sums.right += drawn.right;
      sums.other_made += drawn.other_made;
      sums.other_right += drawn.other_right;
    }
    differences.push_back(sums.right / sums.made - sums.other_right / sums.other_made);
  }
  std::sort(differences.begin(), differences.end());
  return {differences[25], differences[974]};
}

void add_order(const Candidate& candidate, double gap, OrderCounts& counts) {
  const int order = sign(gap), best = sign(candidate.expert_best - candidate.agent_best);
  ++counts.all;
  if (order > 0) ++counts.above;
  if (order == 0) ++counts.equal;
  if (best == 0) return;
  ++counts.by_best;
  if (order == best) ++counts.alike;
  if (order == -best) ++counts.other_way;
}

}  // namespace ipr::bench
