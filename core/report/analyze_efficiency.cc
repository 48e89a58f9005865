// How many turns a policy takes, and how many of them are wasted.

#include <set>

#include "core/report/analysis.h"
#include "core/report/analysis_parts.h"

namespace ipr::report {
namespace {

// All evaluated episodes of one policy on one split.
struct Played {
  TaskValues turns, turns_to_success, invalid, repeated;
  std::int64_t episodes = 0, successes = 0, failures = 0;  // failures: of the infrastructure, not counted elsewhere
};

struct Wasted {
  std::int64_t invalid = 0, repeated = 0;
};

Wasted wasted(const store::Episode& episode) {
  Wasted count;
  std::set<std::pair<std::string, std::string>> done;  // situation, action
  std::string situation = episode.first_observation;
  for (const store::Turn& turn : episode.turns) {
    count.invalid += !turn.valid;
    // A message that could not be read has no action to repeat.
    if (!turn.action.empty() && !done.emplace(situation, turn.action).second) ++count.repeated;
    if (turn.valid) situation = turn.observation;  // a refused action leaves the situation as it was
  }
  return count;
}

void add_episode(const store::Episode& episode, Played& played) {
  if (is_infrastructure_failure(episode)) {
    ++played.failures;
    return;
  }
  const Wasted waste = wasted(episode);
  const auto turns = static_cast<double>(episode.first_turn) + static_cast<double>(episode.turns.size());
  played.turns.add(episode.task_id, turns);
  played.invalid.add(episode.task_id, static_cast<double>(waste.invalid));
  played.repeated.add(episode.task_id, static_cast<double>(waste.repeated));
  ++played.episodes;
  if (!episode.success) return;
  ++played.successes;
  played.turns_to_success.add(episode.task_id, turns);
}

// A policy on all tasks, or on those of one family.
struct PlayedKey {
  PolicyKey policy;
  std::string family;
  auto operator<=>(const PlayedKey&) const = default;
};

constexpr std::size_t kFamilyColumn = 3;

// The table and the plot as they grow.
struct Table {
  std::vector<Column> columns{
      {"run", false, {}},         {"policy", false, {}}, {"split", false, {}},           {"family", false, {}},
      {"episodes", true, {}},     {"success", true, {}}, {"turns to success", true, {}}, {"95 % interval", true, {}},
      {"turns", true, {}},        {"invalid", true, {}}, {"95 % interval", true, {}},    {"repeated", true, {}},
      {"95 % interval", true, {}}};
  BarPlot plot;
  Table() {
    plot.title = "Turns to success, invalid and repeated actions";
    plot.y_label = "per episode";
    plot.series = {{"turns to success", {}}, {"invalid actions", {}}, {"repeated actions", {}}};
    plot.numbers = true;
    plot.height = kPlotHeight;
  }
  void add_bar(std::size_t series, const Estimate& estimate) {
    plot.series[series].values.push_back(estimate.mean);
    plot.series[series].intervals.push_back(estimate.interval);
  }
};

void add_policy(const RunSource& run, const std::string& model, const PlayedKey& place, const Played& played,
                const Tasks& tasks, const std::string& label, Table& table, Analysis& analysis) {
  const PolicyKey& key = place.policy;
  const Estimate to_success = played.turns_to_success.mean(tasks), turns = played.turns.mean(tasks),
                 invalid = played.invalid.mean(tasks), repeated = played.repeated.mean(tasks);
  const double success =
      played.episodes > 0 ? static_cast<double>(played.successes) / static_cast<double>(played.episodes) : 0;
  analysis.rows.push_back({{"kind", "efficiency"},
                           {"run", run.run},
                           {"env", run.env},
                           {"model", model},
                           {"policy", key.policy},
                           {"iteration", key.iteration},
                           {"split", key.split},
                           {"family", place.family},
                           {"episodes", played.episodes},
                           {"success", played.episodes > 0 ? Json(success) : Json()},
                           {"turns_to_success", to_json(to_success)},
                           {"turns", to_json(turns)},
                           {"invalid", to_json(invalid)},
                           {"repeated", to_json(repeated)},
                           {"infrastructure_errors", played.failures}});
  add_row(table.columns,
          {printable(run.run), printable(key.policy), printable(key.split),
           place.family.empty() ? "(none)" : printable(place.family), grouped(played.episodes), fixed(success),
           mean_cell(to_success, 2), bracket(to_success.interval), mean_cell(turns, 2), mean_cell(invalid, 2),
           bracket(invalid.interval), mean_cell(repeated, 2), bracket(repeated.interval)});
  table.plot.labels.push_back(label);
  table.add_bar(0, to_success);
  table.add_bar(1, invalid);
  table.add_bar(2, repeated);
  if (played.failures > 0)
    analysis.notes.push_back(label + ": " + grouped(played.failures) +
                             " episodes ended by infrastructure errors after retries; they are left out");
}

}  // namespace

Result<Analysis> analyze_efficiency(const std::vector<RunSource>& runs, const AnalysisOptions& options) {
  Analysis analysis;
  Table table;
  const RowNames names(runs.size() > 1, options.splits.size() != 1);
  for (const RunSource& run : runs) {
    std::map<PlayedKey, Played> policies;
    std::map<std::string, Tasks> tasks;  // by split
    const auto take = [&](const PolicyKey& key, const store::Episode& episode) -> Status {
      if (!tasks.contains(key.split)) {
        IPR_ASSIGN(tasks[key.split], tasks_of(*run.record, key.split));
      }
      const Tasks& of_split = tasks[key.split];
      const auto task = of_split.find(episode.task_id);
      const bool named = options.by_family && task != of_split.end();
      add_episode(episode, policies[{key, named ? task->second.family : ""}]);
      return {};
    };
    IPR_TRY(for_each_evaluated(*run.record, options.splits, store::Turns::kLoad, take));
    IPR_ASSIGN(const std::string model, model_of(*run.record));
    for (const auto& [key, played] : policies) {
      const std::string label = names.of(run.run, key.policy) + (key.family.empty() ? "" : " " + printable(key.family));
      add_policy(run, model, key, played, tasks.at(key.policy.split), label, table, analysis);
    }
  }
  if (analysis.rows.empty()) return nothing_evaluated(options.splits);
  analysis.notes.emplace_back(
      "turns to success: of successful episodes alone; repeated: the same action in the same situation as before");
  if (!options.by_family) table.columns.erase(table.columns.begin() + kFamilyColumn);
  drop_run_if_one(table.columns);
  table.plot.width = plot_width(table.plot.labels);
  analysis.columns = std::move(table.columns);
  analysis.plot = std::move(table.plot);
  return analysis;
}

}  // namespace ipr::report
