#include "core/report/study.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace ipr::report {
namespace {

using BySeed = std::map<std::uint64_t, const StudyResult*>;

BySeed by_seed(const StudyRow& row, const std::string& column) {
  BySeed seeds;
  const auto found = row.results.find(column);
  if (found == row.results.end()) return seeds;
  for (const StudyResult& result : found->second) seeds[result.seed] = &result;
  return seeds;
}

std::optional<double> standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const Estimate estimate = estimate_mean(values);
  return estimate.standard_error * std::sqrt(static_cast<double>(values.size()));
}

// Means over the seeds of the iterations that all of them have.
std::vector<double> iteration_means(const BySeed& seeds) {
  std::size_t count = std::numeric_limits<std::size_t>::max();
  for (const auto& [seed, result] : seeds) count = std::min(count, result->iterations.size());
  std::vector<double> means(seeds.empty() ? 0 : count);
  for (const auto& [seed, result] : seeds) {
    for (std::size_t i = 0; i < count; ++i) means[i] += result->iterations[i] / static_cast<double>(seeds.size());
  }
  return means;
}

StudyEntry entry_over(const std::vector<double>& values) {
  StudyEntry entry;
  entry.seeds = values.size();
  entry.estimate = estimate_mean(values);
  entry.sd = standard_deviation(values);
  return entry;
}

StudyEntry make_entry(const StudyRow& row, const std::string& column) {
  const BySeed seeds = by_seed(row, column);
  std::vector<double> values;
  for (const auto& [seed, result] : seeds) values.push_back(result->tasks.mean());
  StudyEntry entry = entry_over(values);
  if (seeds.size() == 1) {
    const TaskOutcomes& tasks = seeds.begin()->second->tasks;
    entry.estimate = estimate_outcome(tasks.outcomes, tasks.clusters);
  }
  entry.by_iteration = iteration_means(seeds);
  if (entry.by_iteration.size() > 1)
    entry.iterations_sd = standard_deviation({entry.by_iteration.begin() + 1, entry.by_iteration.end()});
  return entry;
}

// Seed by seed over the columns, of the seeds that have all of them.
StudyEntry make_average(const StudyRow& row, const std::vector<std::string>& columns) {
  std::map<std::uint64_t, std::vector<double>> values;
  for (const std::string& column : columns) {
    for (const auto& [seed, result] : by_seed(row, column)) values[seed].push_back(result->tasks.mean());
  }
  std::vector<double> means;
  for (const auto& [seed, rewards] : values) {
    if (rewards.size() < columns.size()) continue;
    double sum = 0;
    for (const double reward : rewards) sum += reward;
    means.push_back(sum / static_cast<double>(rewards.size()));
  }
  return entry_over(means);
}

struct ByTask {
  Comparison comparison;
  double baseline_mean = 0;
};

// Over the tasks that both have played.
ByTask compare_tasks(const TaskOutcomes& row, const TaskOutcomes& baseline) {
  std::map<std::string, double> others;
  for (std::size_t i = 0; i < baseline.ids.size(); ++i) others[baseline.ids[i]] = baseline.outcomes[i];
  std::vector<double> outcomes, compared;
  std::vector<std::string> clusters;
  for (std::size_t i = 0; i < row.ids.size(); ++i) {
    const auto other = others.find(row.ids[i]);
    if (other == others.end()) continue;
    outcomes.push_back(row.outcomes[i]);
    compared.push_back(other->second);
    clusters.push_back(row.clusters[i]);
  }
  return {compare_paired(outcomes, compared, clusters), estimate_mean(compared).mean};
}

StudyComparison make_comparison(const StudyRow& row, const StudyRow& baseline, const std::string& column,
                                bool primary) {
  StudyComparison comparison;
  comparison.row = row.name;
  comparison.baseline = baseline.name;
  comparison.column = column;
  comparison.primary = primary;
  const BySeed own = by_seed(row, column), others = by_seed(baseline, column);
  std::vector<double> differences;
  Comparison one;
  for (const auto& [seed, result] : own) {
    const auto other = others.find(seed);
    if (other == others.end()) continue;
    const ByTask by_task = compare_tasks(result->tasks, other->second->tasks);
    one = by_task.comparison;
    if (one.difference.n == 0) continue;  // no task in common
    comparison.tasks = one.difference.n;
    comparison.above += one.difference.interval && one.difference.interval->low > 0;
    comparison.below += one.difference.interval && one.difference.interval->high < 0;
    comparison.baseline_mean += by_task.baseline_mean;
    differences.push_back(one.difference.mean);
  }
  comparison.seeds = differences.size();
  if (comparison.seeds > 0) comparison.baseline_mean /= static_cast<double>(comparison.seeds);
  comparison.found = comparison.seeds == 1 ? one : compare_over_seeds(differences);
  return comparison;
}

// Holm's correction; which family a comparison belongs to is in study.h. What would be found is what the hardest test
// of the family would find, Holm's first: at 5 % over its size.
void correct(std::vector<StudyComparison>& comparisons) {
  std::map<std::string, std::vector<StudyComparison*>> families;
  for (StudyComparison& comparison : comparisons) {
    if (comparison.found.p) families[comparison.primary ? "" : comparison.column].push_back(&comparison);
  }
  for (const auto& [name, family] : families) {
    std::vector<double> p;
    for (const StudyComparison* comparison : family) p.push_back(*comparison->found.p);
    const std::vector<double> adjusted = holm(p);
    for (std::size_t i = 0; i < family.size(); ++i) {
      family[i]->p_adjusted = adjusted[i];
      family[i]->compared = family.size();
      family[i]->found.mde =
          minimum_detectable_effect(family[i]->found.difference, 0.05 / static_cast<double>(family.size()));
    }
  }
}

}  // namespace

Comparison compare_over_seeds(const std::vector<double>& differences) {
  Comparison comparison;
  comparison.difference = estimate_mean(differences);
  const Estimate& difference = comparison.difference;
  if (difference.n < 2) return comparison;
  comparison.mde = minimum_detectable_effect(difference);
  const bool no_spread = difference.standard_error <= 1e-12 * std::abs(difference.mean);
  comparison.p = no_spread ? sign_flip_test(differences) : t_test(difference);
  comparison.test = no_spread ? "exact sign-flip" : "paired t over seeds";
  return comparison;
}

StudyTable make_study_table(StudyInput input) {
  StudyTable table;
  table.input = std::move(input);
  const StudyInput& study = table.input;
  for (const StudyRow& row : study.rows) {
    std::map<std::string, StudyEntry>& entries = table.entries.emplace_back();
    for (const std::string& column : study.columns) entries[column] = make_entry(row, column);
    table.averages.push_back(make_average(row, study.columns));
  }
  std::vector<StudyContrast> contrasts = study.contrasts;
  std::stable_partition(contrasts.begin(), contrasts.end(), [](const StudyContrast& c) { return c.primary; });
  for (const StudyContrast& contrast : contrasts) {
    for (const std::string& column : study.columns) {
      table.comparisons.push_back(
          make_comparison(study.rows.at(contrast.row), study.rows.at(contrast.baseline), column, contrast.primary));
    }
  }
  correct(table.comparisons);
  return table;
}

}  // namespace ipr::report
