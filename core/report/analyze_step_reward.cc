// Fig. 4 of the paper: the mean step reward of each policy's actions.

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

Result<std::map<StepsKey, Steps>> by_policy(store::RunStore& record, const ScoredSteps& scored) {
  std::map<StepsKey, Steps> found;
  std::map<std::string, Tasks> tasks;  // by split
  for (const auto& [place, step] : scored) {
    if (!tasks.contains(step.split)) {
      IPR_ASSIGN(tasks[step.split], tasks_of(record, step.split));
    }
    Steps& steps = found[{step.split, step.stage, step.policy}];
    const std::string cluster = cluster_of(tasks[step.split], step.task_id);
    steps.values.push_back(step.score.value);
    steps.clusters.push_back(cluster.empty() ? "task " + step.task_id : cluster);
    steps.tasks[step.task_id] = true;
    steps.outcomes += step.score.samples == 0;
  }
  return found;
}

}  // namespace

Result<Analysis> analyze_step_reward(const std::vector<RunSource>& runs, const AnalysisOptions&) {
  Analysis analysis;
  std::vector<Column> columns{{"run", false, {}},   {"policy", false, {}},     {"stage", false, {}},
                              {"split", false, {}}, {"scorer", false, {}},     {"steps", true, {}},
                              {"tasks", true, {}},  {"step reward", true, {}}, {"95 % interval", true, {}}};
  BarPlot plot;
  plot.series = {{"step reward", {}}};
  for (const RunSource& run : runs) {
    Result<std::map<ScorerKey, ScoredSteps>> scorers = read_scored_steps(*run.record);
    if (!scorers.ok()) return scorers.status().at(run.record->path());
    for (const auto& [scorer, scored] : *scorers) {
      IPR_ASSIGN(const auto policies, by_policy(*run.record, scored));
      const std::int64_t samples = samples_of(scored);
      for (const auto& [key, steps] : policies) {
        const Estimate mean = estimate_clustered_mean(steps.values, steps.clusters);
        analysis.rows.push_back({{"kind", "step-reward"},
                                 {"run", run.run},
                                 {"env", run.env},
                                 {"policy", key.policy},
                                 {"stage", key.stage},
                                 {"split", key.split},
                                 {"scorer", scorer.first},
                                 {"config_hash", scorer.second},
                                 {"samples", samples},
                                 {"steps", mean.n},
                                 {"tasks", steps.tasks.size()},
                                 {"outcomes", steps.outcomes},
                                 {"mean", mean.mean},
                                 {"ci95", or_null(mean.interval)}});
        add_row(columns, {printable(run.run), printable(key.policy), printable(key.stage), printable(key.split),
                          printable(scorer.first + " " + scorer.second.substr(0, 6)), std::to_string(mean.n),
                          std::to_string(steps.tasks.size()), fixed(mean.mean), bracket(mean.interval)});
        plot.labels.push_back(RowNames(runs.size() > 1, false).of(run.run, {key.split, 0, key.policy}));
        plot.series[0].values.push_back(mean.mean);
        plot.series[0].intervals.push_back(mean.interval);
      }
    }
  }
  if (analysis.rows.empty())
    return bad_data(runs[0].record->path() +
                    ": holds no step rewards; give runs whose optimizer asks a scorer, as ipr");
  plot.title = "Mean step reward";
  plot.y_label = "step reward";
  plot.numbers = true;
  plot.width = plot_width(plot.labels);
  plot.height = kPlotHeight;
  analysis.notes.emplace_back(
      "comparable where the scorer is equal; a run scores only steps that may make a pair, not whole trajectories");
  drop_run_if_one(columns);
  analysis.columns = std::move(columns);
  analysis.plot = std::move(plot);
  return analysis;
}

}  // namespace ipr::report
