// Fig. 4 of the paper: the mean step reward of each policy's actions.

#include <set>

#include "core/report/analysis.h"
#include "core/report/analysis_parts.h"
#include "core/report/scored_steps.h"

namespace ipr::report {
namespace {

// The scored steps of one policy in one stage.
struct Steps {
  std::vector<double> values;
  std::vector<std::string> clusters;  // parallel
  std::map<std::string, bool> tasks;  // the ids
  std::int64_t outcomes = 0;          // steps that have their true outcome, without samples
};

struct StepsKey {
  std::string split, stage, policy;
  auto operator<=>(const StepsKey&) const = default;
};

std::map<StepsKey, Steps> by_policy(const ScoredSteps& scored) {
  std::map<StepsKey, Steps> found;
  for (const auto& [place, step] : scored) {
    Steps& steps = found[{step.split, step.stage, step.policy}];
    steps.values.push_back(step.score.value);
    steps.clusters.push_back(step.cluster);
    steps.tasks[step.task_id] = true;
    steps.outcomes += step.score.samples == 0;
  }
  return found;
}

Json row_of(const ScoredSource& source, const StepsKey& key, const Steps& steps, const Estimate& mean) {
  return {{"kind", "step-reward"},
          {"run", source.run},
          {"env", source.env},
          {"policy", source.is_file ? Json() : Json(key.policy)},
          {"stage", key.stage},
          {"split", key.split},
          {"scorer", source.scorer.first},
          {"config_hash", source.scorer.second},
          {"scored_with", source.is_file ? Json(source.played_on) : Json()},
          {"samples", samples_of(source.steps)},
          {"steps", mean.n},
          {"tasks", steps.tasks.size()},
          {"outcomes", steps.outcomes},
          {"mean", mean.mean},
          {"ci95", or_null(mean.interval)}};
}

}  // namespace

Result<Analysis> analyze_step_reward(const std::vector<RunSource>& runs, const AnalysisOptions& options) {
  Analysis analysis;
  std::vector<Column> columns{{"run", false, {}},   {"policy", false, {}},     {"stage", false, {}},
                              {"split", false, {}}, {"scorer", false, {}},     {"steps", true, {}},
                              {"tasks", true, {}},  {"step reward", true, {}}, {"95 % interval", true, {}}};
  BarPlot plot;
  plot.series = {{"step reward", {}}};
  std::map<std::string, std::set<ScorerKey>> scorers;  // of files, by environment
  const auto add = [&](const ScoredSource& source) -> Status {
    if (source.is_file) scorers[source.env].insert(source.scorer);
    for (const auto& [key, steps] : by_policy(source.steps)) {
      const Estimate mean = estimate_clustered_mean(steps.values, steps.clusters);
      analysis.rows.push_back(row_of(source, key, steps, mean));
      add_row(columns,
              {printable(source.run), printable(key.policy), printable(key.stage), printable(key.split),
               printable(source.scorer.first + " " + source.scorer.second.substr(0, 6)), std::to_string(mean.n),
               std::to_string(steps.tasks.size()), fixed(mean.mean), bracket(mean.interval)});
      plot.labels.push_back(source.is_file
                                ? printable(source.run)
                                : RowNames(runs.size() > 1, false).of(source.run, {key.split, 0, key.policy}));
      plot.series[0].values.push_back(mean.mean);
      plot.series[0].intervals.push_back(mean.interval);
    }
    return {};
  };
  IPR_TRY(for_each_scored_source(runs, options.scored_files, add));
  plot.title = "Mean step reward";
  plot.y_label = "step reward";
  plot.numbers = true;
  plot.width = plot_width(plot.labels);
  plot.height = kPlotHeight;
  if (!runs.empty())
    analysis.notes.emplace_back(
        "comparable where the scorer is equal; a run scores only steps that may make a pair, not whole trajectories");
  for (const auto& [env, of_env] : scorers) {
    if (of_env.size() > 1)
      analysis.notes.push_back(printable(env) +
                               ": the files are not by one frozen scorer, so their rows cannot be compared");
  }
  drop_run_if_one(columns);
  analysis.columns = std::move(columns);
  analysis.plot = std::move(plot);
  return analysis;
}

}  // namespace ipr::report
