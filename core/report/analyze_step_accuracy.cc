// Fig. 3 of the paper: the order of step rewards against the order of the environment's progress.

#include <algorithm>
#include <cmath>

#include "core/report/analysis.h"
#include "core/report/analysis_parts.h"
#include "core/report/scored_steps.h"

namespace ipr::report {
namespace {

constexpr double kEqual = 1e-9;  // sums of the same numbers in another order

struct Agreement {
  std::int64_t scored = 0;                          // pairs of different actions
  std::int64_t counted = 0;                         // those with |gap| > tau
  std::int64_t ordered = 0, ties = 0, unknown = 0;  // of these: as progress has it; equal; one side has no progress
  std::vector<double> agrees;                       // 1 or 0 for each pair that progress orders
  std::vector<std::string> clusters;                // parallel
};

Agreement compare(const ScoredSteps& steps, double tau, const std::map<std::string, Tasks>& tasks) {
  Agreement found;
  for (const auto& [place, agent] : steps) {
    // Only where it branches has the agent the same history as its parent.
    if (agent.parent_id == 0 || place.second != agent.prefix_turns) continue;
    const auto other = steps.find({agent.parent_id, place.second});
    if (other == steps.end() || other->second.action == agent.action) continue;
    const ScoredStep& parent = other->second;
    ++found.scored;
    const double gap = parent.score.value - agent.score.value;
    if (!(std::abs(gap) > tau + kEqual)) continue;
    ++found.counted;
    const double progress = parent.progress - agent.progress;
    if (std::isnan(progress)) {
      ++found.unknown;
    } else if (std::abs(progress) <= kEqual) {
      ++found.ties;
    } else {
      const bool same = (gap > 0) == (progress > 0);
      found.ordered += same;
      found.agrees.push_back(same ? 1 : 0);
      // Pairs of one task share its chance even where no cluster is named.
      const std::string cluster = cluster_of(tasks.at(agent.split), agent.task_id);
      found.clusters.push_back(cluster.empty() ? "task " + agent.task_id : cluster);
    }
  }
  return found;
}

Result<std::map<std::string, Tasks>> tasks_by_split(store::RunStore& record, const ScoredSteps& steps) {
  std::map<std::string, Tasks> tasks;
  for (const auto& [place, step] : steps) {
    if (tasks.contains(step.split)) continue;
    IPR_ASSIGN(tasks[step.split], tasks_of(record, step.split));
  }
  return tasks;
}

// A run's curve would be one point; runs that differ in N alone make it one line.
void add_point(LinePlot& plot, const std::string& series, std::int64_t samples, const Estimate& share) {
  if (share.n == 0) return;
  auto found = std::find_if(plot.series.begin(), plot.series.end(), [&](const Series& s) { return s.name == series; });
  if (found == plot.series.end()) found = plot.series.insert(found, {series, {}});
  found->points.push_back({static_cast<double>(samples), share.mean, share.interval});
  std::stable_sort(found->points.begin(), found->points.end(),
                   [](const Point& a, const Point& b) { return a.x < b.x; });
}

Json row_of(const RunSource& run, const ScorerKey& scorer, std::int64_t samples, double tau, const Agreement& found,
            const Estimate& share) {
  return {{"kind", "step-accuracy"},
          {"run", run.run},
          {"env", run.env},
          {"scorer", scorer.first},
          {"config_hash", scorer.second},
          {"samples", samples},
          {"tau", tau},
          {"scored", found.scored},
          {"pairs", found.counted},
          {"ordered", found.ordered},
          {"ties", found.ties},
          {"no_progress", found.unknown},
          {"share", share.n > 0 ? Json(share.mean) : Json()},
          {"ci95", or_null(share.interval)}};
}

}  // namespace

Result<Analysis> analyze_step_accuracy(const std::vector<RunSource>& runs, const AnalysisOptions& options) {
  Analysis analysis;
  std::vector<Column> columns{{"run", false, {}},    {"scorer", false, {}}, {"N", true, {}},
                              {"scored", true, {}},  {"pairs", true, {}},   {"ties", true, {}},
                              {"ordered", true, {}}, {"share", true, {}},   {"95 % interval", true, {}}};
  LinePlot plot;
  for (const RunSource& run : runs) {
    Result<std::map<ScorerKey, ScoredSteps>> scorers = read_scored_steps(*run.record);
    if (!scorers.ok()) return scorers.status().at(run.record->path());
    for (const auto& [scorer, steps] : *scorers) {
      IPR_ASSIGN(const auto tasks, tasks_by_split(*run.record, steps));
      const Agreement found = compare(steps, options.tau, tasks);
      const Estimate share = estimate_outcome(found.agrees, found.clusters);
      const std::int64_t samples = samples_of(steps);
      analysis.rows.push_back(row_of(run, scorer, samples, options.tau, found, share));
      add_row(columns, {printable(run.run), printable(scorer.first), std::to_string(samples), grouped(found.scored),
                        grouped(found.counted), grouped(found.ties), grouped(found.ordered), mean_cell(share, 3),
                        bracket(share.interval)});
      add_point(plot, printable(run.env + " " + scorer.first), samples, share);
      if (found.unknown > 0)
        analysis.notes.push_back(printable(run.run) + ": " + grouped(found.unknown) +
                                 " pairs have no progress on one side; they are not in the share");
    }
  }
  if (analysis.rows.empty())
    return bad_data(runs[0].record->path() +
                    ": holds no step rewards; give runs whose optimizer asks a scorer, as ipr");
  plot.title = "Pairs ordered as progress orders them";
  plot.x_label = "samples per step (N)";
  plot.y_label = "share of pairs";
  plot.whole_x = true;
  plot.width = kPlotWidth;
  plot.height = kPlotHeight;
  analysis.notes.push_back("pairs: step rewards differ by more than " + general(options.tau) +
                           "; ties: equal progress, not in the share; a run scores only steps that may make a pair");
  drop_run_if_one(columns);
  analysis.columns = std::move(columns);
  analysis.plot = std::move(plot);
  return analysis;
}

}  // namespace ipr::report
