#include "core/loop/choose.h"

#include <vector>

#include "core/report/statistics.h"

namespace ipr::loop {

double mean_outcome(const TaskOutcomes& outcomes) {
  double sum = 0;
  for (const auto& [task, outcome] : outcomes) sum += outcome;
  return outcomes.empty() ? 0 : sum / static_cast<double>(outcomes.size());
}

bool fell_beyond_interval(const TaskOutcomes& before, const TaskOutcomes& now, const TaskClusters& clusters) {
  std::vector<double> differences;
  std::vector<std::string> keys;
  for (const auto& [task, outcome] : now) {
    const auto found = before.find(task);
    if (found == before.end()) continue;
    differences.push_back(outcome - found->second);
    const auto cluster = clusters.find(task);
    keys.push_back(cluster == clusters.end() ? std::string() : cluster->second);
  }
  const report::Estimate estimate = report::estimate_clustered_mean(differences, keys);
  return estimate.interval && estimate.interval->high < 0;
}

std::optional<int> choose_iteration(const std::map<int, TaskOutcomes>& dev) {
  std::optional<int> chosen;
  for (const auto& [iteration, outcomes] : dev) {
    if (outcomes.empty()) continue;
    if (!chosen || mean_outcome(outcomes) > mean_outcome(dev.at(*chosen))) chosen = iteration;
  }
  return chosen;
}

}  // namespace ipr::loop
