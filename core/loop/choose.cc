#include "core/loop/choose.h"

#include <vector>

#include "core/report/statistics.h"

namespace ipr::loop {

double mean_outcome(const TaskOutcomes& outcomes) {
  double sum = 0;
  for (const auto& [task, outcome] : outcomes) sum += outcome;
  return outcomes.empty() ? 0 : sum / static_cast<double>(outcomes.size());
}

bool fell_beyond_interval(const TaskOutcomes& before, const TaskOutcomes& now) {
  std::vector<double> differences;
  for (const auto& [task, outcome] : now) {
    if (const auto found = before.find(task); found != before.end()) differences.push_back(outcome - found->second);
  }
  const report::Estimate estimate = report::estimate_mean(differences);
  return estimate.interval && estimate.interval->high < 0;
}

}  // namespace ipr::loop
