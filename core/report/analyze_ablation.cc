// Table 4 of the paper: experiments that differ in a setting, iteration by iteration.

#include <algorithm>
#include <set>

#include "core/report/analysis.h"
#include "core/report/analysis_parts.h"
#include "core/report/run_settings.h"
#include "core/report/study_read.h"

namespace ipr::report {
namespace {

constexpr std::int32_t kChosen = -1;  // the iteration that a run chose on dev, beside its iterations

// Of the runs of one experiment on one split.
using BySeed = std::map<std::uint64_t, TaskOutcomes>;
struct Rewards {
  std::map<std::int32_t, BySeed> iterations;
  std::vector<std::string> runs;
};

struct ExperimentKey {
  std::string env, split;
  std::size_t place = 0;  // of its first run among the arguments: the order of the rows
  std::string name;
  auto operator<=>(const ExperimentKey&) const = default;
};
using Experiments = std::map<ExperimentKey, Rewards>;

// How the runs are called; those of a study by the study.
Result<std::vector<std::string>> experiment_names(const std::vector<RunSource>& runs,
                                                  std::vector<std::uint64_t>& seeds) {
  std::vector<RunSettings> settings;
  for (const RunSource& run : runs) {
    IPR_ASSIGN(RunSettings read, read_settings(*run.record));
    seeds.push_back(read.seed);
    settings.push_back(std::move(read));
  }
  std::vector<std::string> names = names_by_settings(settings);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].experiment.empty()) names[i] = runs[i].experiment;
  }
  return names;
}

Status add_run(const RunSource& run, const ExperimentKey& experiment, std::uint64_t seed, const StudyRun& read,
               Experiments& found) {
  for (const auto& [split, iterations] : read.evaluations) {
    ExperimentKey key = experiment;
    key.split = split;
    Rewards& rewards = found[key];
    rewards.runs.push_back(run.run);
    for (const auto& [iteration, tasks] : iterations) {
      if (!rewards.iterations[iteration].emplace(seed, tasks).second)
        return usage(run.run + ": has the settings and the seed of " + rewards.runs.front() +
                     " or of another run here; give it once");
      if (read.chosen == iteration) rewards.iterations[kChosen].emplace(seed, tasks);
    }
  }
  return {};
}

Result<Experiments> read_experiments(const std::vector<RunSource>& runs, const std::vector<std::string>& splits) {
  std::vector<std::uint64_t> seeds;
  IPR_ASSIGN(const std::vector<std::string> names, experiment_names(runs, seeds));
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  Experiments found;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::size_t place = places.emplace(std::pair(runs[i].env, names[i]), i).first->second;
    Result<StudyRun> read = read_study_run(*runs[i].record, splits, {});
    if (!read.ok()) return read.status().at(runs[i].record->path());
    IPR_TRY(add_run(runs[i], {runs[i].env, "", place, names[i]}, seeds[i], *read, found));
  }
  return found;
}

Estimate estimate_of(const BySeed& seeds) {
  if (seeds.size() == 1) {
    const TaskOutcomes& tasks = seeds.begin()->second;
    return estimate_outcome(tasks.outcomes, tasks.clusters);
  }
  std::vector<double> means;
  for (const auto& [seed, tasks] : seeds) means.push_back(tasks.mean());
  return estimate_mean(means);
}

std::string policy_of(std::int32_t iteration) {
  return iteration == kChosen ? "chosen" : iteration == 0 ? "sft" : "iter-" + std::to_string(iteration);
}

Json row_of(const ExperimentKey& key, const Rewards& rewards, std::int32_t iteration, const Estimate& reward) {
  const BySeed& seeds = rewards.iterations.at(iteration);
  return {{"kind", "ablation"},
          {"run", key.name},
          {"runs", rewards.runs},
          {"env", key.env},
          {"split", key.split},
          {"policy", policy_of(iteration)},
          {"iteration", iteration == kChosen ? Json() : Json(iteration)},
          {"seeds", seeds.size()},
          {"n", seeds.begin()->second.outcomes.size()},
          {"mean", reward.mean},
          {"ci95", or_null(reward.interval)}};
}

// The chosen one last.
std::vector<std::int32_t> all_iterations(const Experiments& found) {
  std::set<std::int32_t> iterations;
  for (const auto& [key, rewards] : found) {
    for (const auto& [iteration, seeds] : rewards.iterations) iterations.insert(iteration);
  }
  const bool chosen = iterations.erase(kChosen) > 0;
  std::vector<std::int32_t> ordered(iterations.begin(), iterations.end());
  if (chosen) ordered.push_back(kChosen);
  return ordered;
}

void add_experiment(const ExperimentKey& key, const Rewards& rewards, const std::vector<std::int32_t>& iterations,
                    const std::string& label, std::vector<Column>& columns, LinePlot& plot, Analysis& analysis) {
  std::vector<std::string> cells = {printable(key.env), printable(key.name), printable(key.split),
                                    std::to_string(rewards.runs.size())};
  Series series{label, {}};
  for (const std::int32_t iteration : iterations) {
    const auto seeds = rewards.iterations.find(iteration);
    if (seeds == rewards.iterations.end()) {
      cells.emplace_back("-");
      continue;
    }
    const Estimate reward = estimate_of(seeds->second);
    analysis.rows.push_back(row_of(key, rewards, iteration, reward));
    cells.push_back(in_points(reward.mean, reward.interval));
    if (iteration != kChosen) series.points.push_back({static_cast<double>(iteration), reward.mean, reward.interval});
    if (seeds->second.size() < rewards.runs.size())
      analysis.notes.push_back(label + ", " + policy_of(iteration) + ": of " + std::to_string(seeds->second.size()) +
                               " of the " + std::to_string(rewards.runs.size()) + " runs alone");
  }
  add_row(columns, cells);
  plot.series.push_back(std::move(series));
}

}  // namespace

Result<Analysis> analyze_ablation(const std::vector<RunSource>& runs, const AnalysisOptions& options) {
  IPR_ASSIGN(const Experiments found, read_experiments(runs, options.splits));
  const std::vector<std::int32_t> iterations = all_iterations(found);
  if (iterations.empty()) return nothing_evaluated(options.splits);
  std::set<std::string> envs, splits;
  std::size_t most_seeds = 0;
  for (const auto& [key, rewards] : found) {
    envs.insert(key.env);
    splits.insert(key.split);
    most_seeds = std::max(most_seeds, rewards.runs.size());
  }
  Analysis analysis;
  std::vector<Column> columns{{"env", false, {}}, {"experiment", false, {}}, {"split", false, {}}, {"runs", true, {}}};
  for (const std::int32_t iteration : iterations) columns.push_back({policy_of(iteration), true, {}});
  LinePlot plot;
  for (const auto& [key, rewards] : found) {
    const std::string label = (envs.size() > 1 ? printable(key.env) + " " : "") +
                              (splits.size() > 1 ? printable(key.split) + " " : "") + printable(key.name);
    add_experiment(key, rewards, iterations, label, columns, plot, analysis);
  }
  plot.title = "Reward by iteration";
  plot.x_label = "iteration";
  plot.y_label = "mean reward";
  plot.whole_x = true;
  plot.width = kPlotWidth;
  plot.height = kPlotHeight;
  analysis.notes.push_back(std::string("mean reward in points (times 100), ± half the 95 % interval: ") +
                           (most_seeds > 1 ? "of several runs over their seeds (Student's t), of one over its tasks"
                                           : "over the tasks of one run, which says nothing about other seeds") +
                           "; chosen: on dev");
  drop_run_if_one(columns);
  analysis.columns = std::move(columns);
  analysis.plot = std::move(plot);
  return analysis;
}

}  // namespace ipr::report
