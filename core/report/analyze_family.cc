// Outcome by the family of the task.

#include <set>

#include "core/report/analysis.h"
#include "core/report/analysis_parts.h"

namespace ipr::report {
namespace {

using Families = std::map<std::string, TaskValues>;  // outcomes by family

// One policy's bars: a value for each family that it has played.
struct Bars {
  std::string name;
  std::map<std::string, Estimate> families;
};

BarPlot plot_of(const std::vector<Bars>& policies) {
  BarPlot plot;
  plot.title = "Reward by task family";
  plot.y_label = "mean outcome";
  plot.height = kPlotHeight;
  std::set<std::string> families;
  for (const Bars& policy : policies) {
    for (const auto& [family, estimate] : policy.families) families.insert(family);
  }
  for (const std::string& family : families) plot.labels.push_back(printable(family));
  for (const Bars& policy : policies) {
    BarSeries series{policy.name, {}};
    for (const std::string& family : families) {
      const auto found = policy.families.find(family);
      series.values.push_back(found == policy.families.end() ? 0 : found->second.mean);
      series.intervals.push_back(found == policy.families.end() ? std::nullopt : found->second.interval);
    }
    plot.series.push_back(std::move(series));
  }
  plot.width = plot_width(plot.labels);
  return plot;
}

// What a record says of all its evaluated policies.
struct ByFamily {
  std::map<PolicyKey, Families> policies;
  std::map<std::string, Tasks> tasks;  // by split
  bool named = false;                  // does any task say its family?
};

Result<ByFamily> read_families(store::RunStore& record, const std::vector<std::string>& splits) {
  ByFamily found;
  const auto take = [&](const PolicyKey& key, const store::Episode& episode) -> Status {
    if (!found.tasks.contains(key.split)) {
      IPR_ASSIGN(found.tasks[key.split], tasks_of(record, key.split));
    }
    const Tasks& tasks = found.tasks[key.split];
    const auto task = tasks.find(episode.task_id);
    const std::string family = task == tasks.end() ? std::string() : task->second.family;
    found.named = found.named || !family.empty();
    found.policies[key][family].add(episode.task_id, episode.outcome);
    return {};
  };
  IPR_TRY(for_each_evaluated(record, splits, store::Turns::kSkip, take));
  return found;
}

// The table and the plot as they grow.
struct Table {
  std::vector<Column> columns{{"run", false, {}},         {"family", false, {}}, {"split", false, {}},
                              {"policy", false, {}},      {"n", true, {}},       {"reward", true, {}},
                              {"95 % interval", true, {}}};
  std::vector<Bars> bars;
};

void add_line(const RunSource& run, const std::string& model, const PolicyKey& key, const std::string& family,
              const Estimate& outcome, Table& table, Analysis& analysis) {
  Json row = to_json(outcome);
  row.update({{"kind", "family"},
              {"run", run.run},
              {"env", run.env},
              {"model", model},
              {"family", family},
              {"split", key.split},
              {"policy", key.policy},
              {"iteration", key.iteration}});
  analysis.rows.push_back(std::move(row));
  add_row(table.columns,
          {printable(run.run), family.empty() ? "(none)" : printable(family), printable(key.split),
           printable(key.policy), std::to_string(outcome.n), fixed(outcome.mean), bracket(outcome.interval)});
}

void add_run(const RunSource& run, const std::string& model, const ByFamily& found, const RowNames& names, Table& table,
             Analysis& analysis) {
  // Families first, so that the policies of one stand below each other.
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<PolicyKey, Estimate>>> lines;
  for (const auto& [key, families] : found.policies) {
    Bars policy{names.of(run.run, key), {}};
    for (const auto& [family, outcomes] : families) {
      const Estimate outcome = outcomes.mean_outcome(found.tasks.at(key.split));
      lines[{key.split, family}].emplace_back(key, outcome);
      policy.families[family] = outcome;
    }
    table.bars.push_back(std::move(policy));
  }
  for (const auto& [place, policies] : lines) {
    for (const auto& [key, outcome] : policies) add_line(run, model, key, place.second, outcome, table, analysis);
  }
}

}  // namespace

Result<Analysis> analyze_family(const std::vector<RunSource>& runs, const AnalysisOptions& options) {
  Analysis analysis;
  Table table;
  bool named = false;
  const RowNames names(runs.size() > 1, options.splits.size() != 1);
  for (const RunSource& run : runs) {
    IPR_ASSIGN(const ByFamily found, read_families(*run.record, options.splits));
    named = named || found.named;
    IPR_ASSIGN(const std::string model, model_of(*run.record));
    add_run(run, model, found, names, table, analysis);
  }
  if (analysis.rows.empty()) return nothing_evaluated(options.splits);
  if (!named)
    return bad_data(runs[0].record->path() +
                    ": the environment tells no family of its tasks; choose another analysis, as efficiency");
  drop_run_if_one(table.columns);
  analysis.columns = std::move(table.columns);
  analysis.plot = plot_of(table.bars);
  return analysis;
}

}  // namespace ipr::report
