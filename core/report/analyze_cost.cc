// What the stages of a run have cost (the paper's appendix C).

#include <algorithm>
#include <array>
#include <string_view>

#include "core/report/analysis.h"
#include "core/report/analysis_parts.h"

namespace ipr::report {
namespace {

// The order in which a run goes through its stages; others come behind.
constexpr std::array<std::string_view, 6> kOrder = {"expert", "sft", "explore", "mc", "train", "eval"};

std::size_t place_of(const std::string& stage) {
  return static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), stage) - kOrder.begin());
}

void add_to(store::Cost& total, const store::Cost& cost) {
  total.rollouts += cost.rollouts;
  total.tokens_asked += cost.tokens_asked;
  total.tokens_computed += cost.tokens_computed;
  total.tokens_padding += cost.tokens_padding;
  total.tokens_generated += cost.tokens_generated;
  total.seconds += cost.seconds;
}

// By stage in its order.
std::vector<store::Cost> by_stage(const std::vector<store::Cost>& costs) {
  std::map<std::pair<std::size_t, std::string>, store::Cost> sums;
  for (const store::Cost& cost : costs) {
    store::Cost& sum = sums[{place_of(cost.stage), cost.stage}];
    sum.stage = cost.stage;
    add_to(sum, cost);
  }
  std::vector<store::Cost> stages;
  for (const auto& [key, sum] : sums) stages.push_back(sum);
  return stages;
}

Json row_of(const RunSource& run, const std::string& model, const store::Cost& cost) {
  return {{"kind", "cost"},
          {"run", run.run},
          {"env", run.env},
          {"model", model},
          {"stage", cost.stage},
          {"rollouts", cost.rollouts},
          {"tokens_asked", cost.tokens_asked},
          {"tokens_computed", cost.tokens_computed},
          {"tokens_padding", cost.tokens_padding},
          {"tokens_generated", cost.tokens_generated},
          {"seconds", cost.seconds}};
}

std::string percent(double part, double whole) {
  return whole > 0 ? fixed(100 * part / whole, 1) + " %" : std::string();
}

}  // namespace

Result<Analysis> analyze_cost(const std::vector<RunSource>& runs, const AnalysisOptions&) {
  Analysis analysis;
  std::vector<Column> columns{{"run", false, {}},      {"stage", false, {}},   {"rollouts", true, {}},
                              {"asked", true, {}},     {"computed", true, {}}, {"padding", true, {}},
                              {"generated", true, {}}, {"seconds", true, {}},  {"of the time", true, {}}};
  std::map<std::pair<std::size_t, std::string>, std::map<std::string, double>> seconds;  // by stage, by run
  for (const RunSource& run : runs) {
    Result<std::vector<store::Cost>> costs = run.record->costs();
    if (!costs.ok()) return costs.status().at(run.record->path());
    IPR_ASSIGN(const std::string model, model_of(*run.record));
    std::vector<store::Cost> stages = by_stage(*costs);
    store::Cost total;
    for (const store::Cost& stage : stages) {
      add_to(total, stage);
      analysis.rows.push_back(row_of(run, model, stage));
      seconds[{place_of(stage.stage), stage.stage}][run.run] = stage.seconds;
    }
    total.stage = "all";
    if (!stages.empty()) stages.push_back(total);
    for (const store::Cost& stage : stages) {
      add_row(columns,
              {printable(run.run), printable(stage.stage), grouped(stage.rollouts), grouped(stage.tokens_asked),
               grouped(stage.tokens_computed), grouped(stage.tokens_padding), grouped(stage.tokens_generated),
               fixed(stage.seconds, 1), percent(stage.seconds, total.seconds)});
    }
  }
  if (analysis.rows.empty())
    return bad_data(runs[0].record->path() + ": no cost is recorded yet; wait until the run has done a stage");
  BarPlot plot;
  plot.title = "Seconds by stage";
  plot.y_label = "seconds";
  plot.numbers = true;
  for (const auto& [stage, by_run] : seconds) plot.labels.push_back(printable(stage.second));
  for (const RunSource& run : runs) {
    BarSeries series{printable(run.run), {}};
    for (auto& [stage, by_run] : seconds) series.values.push_back(by_run[run.run]);
    plot.series.push_back(std::move(series));
  }
  plot.width = plot_width(plot.labels);
  plot.height = kPlotHeight;
  analysis.notes.emplace_back(
      "asked: prompt tokens as if each request were computed alone; computed: after sharing prefixes; padding: rows "
      "without a token; seconds: wall time");
  drop_run_if_one(columns);
  analysis.columns = std::move(columns);
  analysis.plot = std::move(plot);
  return analysis;
}

}  // namespace ipr::report
