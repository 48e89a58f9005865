// Fig. 3 of the paper: the order of step rewards against the order of the environment's progress.

#include <algorithm>
#include <cmath>

#include "core/report/analysis.h"
#include "core/report/analysis_parts.h"
#include "core/report/scored_steps.h"

namespace ipr::report {
namespace {

constexpr double kPaperTau = 0.35;
constexpr double kEqual = 1e-9;  // sums of the same numbers in another order

struct Agreement {
  std::int64_t scored = 0;                          // pairs of different actions
  std::int64_t counted = 0;                         // those with |gap| > tau
  std::int64_t ordered = 0, ties = 0, unknown = 0;  // of these: as progress has it; equal; one side has no progress
  std::vector<double> agrees;                       // 1 or 0 for each pair that progress orders
  std::vector<std::string> clusters;                // parallel
};

Agreement compare(const ScoredSteps& steps, double tau) {
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
      found.clusters.push_back(agent.cluster);
    }
  }
  return found;
}

struct Measured {
  std::string run, series;  // series: what makes one curve over N
  std::int64_t samples = 0;
  Estimate share;
};

// One curve for each environment, scorer and policy that it plays on with.
LinePlot curve_over_samples(const std::vector<Measured>& measured) {
  LinePlot plot;
  for (const Measured& one : measured) {
    if (one.share.n == 0) continue;
    auto found =
        std::find_if(plot.series.begin(), plot.series.end(), [&](const Series& s) { return s.name == one.series; });
    if (found == plot.series.end()) found = plot.series.insert(found, {one.series, {}});
    found->points.push_back({static_cast<double>(one.samples), one.share.mean, one.share.interval});
    std::stable_sort(found->points.begin(), found->points.end(),
                     [](const Point& a, const Point& b) { return a.x < b.x; });
  }
  plot.x_label = "samples per step (N)";
  plot.whole_x = true;
  return plot;
}

// A bar for each run or file: scorers that differ in something else than N.
BarPlot bars_of(const std::vector<Measured>& measured) {
  BarPlot plot;
  plot.series = {{"share of pairs", {}}};
  for (const Measured& one : measured) {
    if (one.share.n == 0) continue;
    plot.labels.push_back(one.run);
    plot.series[0].values.push_back(one.share.mean);
    plot.series[0].intervals.push_back(one.share.interval);
  }
  plot.numbers = true;
  return plot;
}

Plot plot_of(const std::vector<Measured>& measured) {
  const bool one_n = std::all_of(measured.begin(), measured.end(),
                                 [&](const Measured& one) { return one.samples == measured.front().samples; });
  const auto finish = [](auto plot, int width) {
    plot.title = "Pairs ordered as progress orders them";
    plot.y_label = "share of pairs";
    plot.width = width;
    plot.height = kPlotHeight;
    return plot;
  };
  if (!one_n || measured.size() == 1) return finish(curve_over_samples(measured), kPlotWidth);
  BarPlot bars = bars_of(measured);
  const int width = plot_width(bars.labels);
  return finish(std::move(bars), width);
}

Json row_of(const ScoredSource& source, std::int64_t samples, double tau, const Agreement& found,
            const Estimate& share) {
  return {{"kind", "step-accuracy"},
          {"run", source.run},
          {"env", source.env},
          {"scorer", source.scorer.first},
          {"config_hash", source.scorer.second},
          {"scored_with", source.is_file ? Json(source.played_on) : Json()},
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
  std::vector<Column> columns{
      {"run", false, {}},   {"scorer", false, {}},      {"with", false, {}}, {"N", true, {}},
      {"scored", true, {}}, {"pairs", true, {}},        {"ties", true, {}},  {"ordered", true, {}},
      {"share", true, {}},  {"95 % interval", true, {}}};
  std::vector<Measured> measured;
  const double tau = options.tau.value_or(kPaperTau);
  const auto add = [&](const ScoredSource& source) -> Status {
    const Agreement found = compare(source.steps, tau);
    const Estimate share = estimate_outcome(found.agrees, found.clusters);
    const std::int64_t samples = samples_of(source.steps);
    const std::string with = printable(source.played_on);
    analysis.rows.push_back(row_of(source, samples, tau, found, share));
    add_row(columns, {printable(source.run), printable(source.scorer.first), with, std::to_string(samples),
                      grouped(found.scored), grouped(found.counted), grouped(found.ties), grouped(found.ordered),
                      mean_cell(share, 3), bracket(share.interval)});
    const std::string series = printable(source.env + " " + source.scorer.first);
    measured.push_back({printable(source.run), source.is_file ? series + " with " + with : series, samples, share});
    if (found.unknown > 0)
      analysis.notes.push_back(printable(source.run) + ": " + grouped(found.unknown) +
                               " pairs have no progress on one side; they are not in the share");
    return {};
  };
  IPR_TRY(for_each_scored_source(runs, options.scored_files, add));
  analysis.notes.push_back("pairs: step rewards differ by more than " + general(tau) +
                           "; ties: equal progress, not in the share" +
                           (runs.empty() ? "" : "; a run scores only steps that may make a pair"));
  if (options.scored_files.empty()) columns.erase(columns.begin() + 2);
  drop_run_if_one(columns);
  analysis.columns = std::move(columns);
  analysis.plot = plot_of(measured);
  return analysis;
}

}  // namespace ipr::report
