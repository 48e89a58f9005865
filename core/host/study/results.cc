#include "core/host/study/results.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

namespace ipr::host {
namespace {

// A row of the table before it is one: a method with one model and, where crossed, one scorer.
struct RowKey {
  std::string method, model, scorer;
  auto operator<=>(const RowKey&) const = default;
};

struct ReadCell {
  const PlannedCell* planned = nullptr;
  report::StudyRun run;
  std::string panel;
};

class Results {
 public:
  Results(const StudyPlan& plan, const std::vector<FailedCell>& failed) : plan_(plan), failed_(failed) {}

  Result<report::StudyInput> read(const std::map<std::size_t, AgentOutcomes>& agents) {
    study_.name = plan_.file.name;
    IPR_TRY(read_cells());
    choose_points();
    find_columns();
    for (const RowKey& key : row_keys()) add_method_row(key);
    add_contrasts();
    add_agents(agents);
    for (const Quote& quote : plan_.file.quotes) {
      report::StudyRow row{"paper: " + quote.label, report::StudyRowKind::kQuoted, {}, {}};
      row.quoted.insert(quote.rewards.begin(), quote.rewards.end());
      study_.rows.push_back(std::move(row));
    }
    add_costs();
    add_notes();
    return std::move(study_);
  }

 private:
  const StudyFile& file() const { return plan_.file; }

  Status read_cells() {
    for (const PlannedCell& planned : plan_.cells) {
      if (!is_finished(planned)) continue;
      IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(planned.folder + "/run.db"));
      ReadCell cell{&planned, {}, {}};
      IPR_ASSIGN(cell.run, report::read_study_run(record, planned.test_splits, planned.dev_splits));
      IPR_ASSIGN(const std::optional<std::string> panel, record.state("panel"));
      cell.panel = panel.value_or("");
      cells_.push_back(std::move(cell));
    }
    return {};
  }

  // Which point of its grid stands for a method in an environment: the best mean over seeds on dev, the first of equal
  // ones; of those only that most seeds have, so that a cell that is missing decides nothing.
  void choose_points() {
    std::map<std::tuple<RowKey, std::string>, std::vector<std::pair<std::string, std::vector<double>>>> grids;
    for (const ReadCell& cell : cells_) {
      const StudyCell& its = cell.planned->cell;
      auto& points = grids[{{its.method, its.model, its.scorer}, its.env}];
      auto point = std::find_if(points.begin(), points.end(), [&](const auto& p) { return p.first == its.point; });
      if (point == points.end()) point = points.insert(points.end(), {its.point, {}});
      if (cell.run.dev) point->second.push_back(*cell.run.dev);
    }
    for (const auto& [key, points] : grids) {
      const auto& [row, env] = key;
      std::optional<std::size_t> best;
      std::vector<double> means;
      for (const auto& [name, rewards] : points) {
        double sum = 0;
        for (const double reward : rewards) sum += reward;
        means.push_back(rewards.empty() ? 0 : sum / static_cast<double>(rewards.size()));
        const auto rank = [&](std::size_t i) { return std::pair(points[i].second.size(), means[i]); };
        if (!best || rank(means.size() - 1) > rank(*best)) best = means.size() - 1;
      }
      chosen_[key] = points[*best].first;
      for (std::size_t i = 0; i < points.size() && points.size() > 1; ++i)
        study_.points.push_back({name_of(row), env, points[i].first, means[i], i == *best});
    }
  }

  // "<environment>", with its split where it has several on which something was evaluated.
  std::string column_of(const PlannedCell& planned, const std::string& split) const {
    return planned.test_splits.size() > 1 ? planned.cell.env + "/" + split : planned.cell.env;
  }

  void find_columns() {
    for (const StudyEntry& env : file().environments) {
      for (const ReadCell& cell : cells_) {
        if (cell.planned->cell.env != env.name) continue;
        for (const std::string& split : cell.planned->test_splits) {
          const std::string column = column_of(*cell.planned, split);
          const bool known = std::find(study_.columns.begin(), study_.columns.end(), column) != study_.columns.end();
          if (!known && cell.run.evaluations.contains(split) && !cell.run.evaluations.at(split).empty())
            study_.columns.push_back(column);
        }
      }
    }
  }

  const StudyMethod& source_of(const StudyMethod& method) const {
    return method.has_runs() ? method : *file().method(method.of);
  }

  // The SFT model is the same under every scorer: one row.
  bool is_crossed(const StudyMethod& method) const {
    return source_of(method).crossed() && !(method.iteration == 0 && !method.has_runs());
  }

  std::vector<RowKey> row_keys() const {
    std::vector<RowKey> keys;
    for (const StudyEntry& model : file().models) {
      for (const StudyMethod& method : file().methods) {
        if (!is_crossed(method)) {
          keys.push_back({method.name, model.name, ""});
          continue;
        }
        for (const StudyEntry& scorer : file().scorers) keys.push_back({method.name, model.name, scorer.name});
      }
    }
    return keys;
  }

  std::string name_of(const RowKey& key) const {
    std::string name = file().method(key.method)->title;
    if (file().models.size() > 1) name += ", " + key.model;
    if (file().scorers.size() > 1 && !key.scorer.empty()) name += ", " + key.scorer;
    return name;
  }

  // Whether the cell's run is one of those the row reads: of a grid the chosen point's.
  bool reads(const RowKey& key, const ReadCell& cell) const {
    const StudyCell& its = cell.planned->cell;
    const StudyMethod& method = *file().method(key.method);
    const bool scorer =
        key.scorer.empty() ? its.scorer.empty() || its.scorer == file().scorers.front().name : its.scorer == key.scorer;
    if (its.method != source_of(method).name || its.model != key.model || !scorer) return false;
    return its.point == chosen_.at({{its.method, its.model, its.scorer}, its.env});
  }

  void add_method_row(const RowKey& key) {
    const StudyMethod& method = *file().method(key.method);
    report::StudyRow row{name_of(key), report::StudyRowKind::kMethod, {}, {}};
    for (const ReadCell& cell : cells_) {
      if (!reads(key, cell)) continue;
      for (const auto& [split, iterations] : cell.run.evaluations) {
        const std::int32_t wanted = method.iteration.value_or(cell.run.chosen.value_or(cell.run.last()));
        const auto found = iterations.find(wanted);
        if (found == iterations.end()) continue;
        report::StudyResult result{cell.planned->cell.seed, found->second, {}};
        for (const auto& [iteration, tasks] : iterations) {
          if (method.has_runs()) result.iterations.push_back(tasks.mean());
        }
        row.results[column_of(*cell.planned, split)].push_back(std::move(result));
      }
    }
    rows_[key] = study_.rows.size();
    study_.rows.push_back(std::move(row));
  }

  // Each pair of methods wherever both stand with the same model and, where both are crossed, the same scorer.
  void add_contrast(const std::pair<std::string, std::string>& contrast, bool primary) {
    for (const auto& [row, index] : rows_) {
      for (const auto& [baseline, other] : rows_) {
        const bool scorers = row.scorer.empty() || baseline.scorer.empty() || row.scorer == baseline.scorer;
        if (row.method == contrast.first && baseline.method == contrast.second && row.model == baseline.model &&
            scorers)
          study_.contrasts.push_back({index, other, primary});
      }
    }
  }
  void add_contrasts() {
    if (file().primary) add_contrast(*file().primary, true);
    for (const auto& contrast : file().contrasts) add_contrast(contrast, false);
  }

  void add_agents(const std::map<std::size_t, AgentOutcomes>& agents) {
    for (const std::string& name : file().agents) {
      report::StudyRow row{"agent: " + name, report::StudyRowKind::kAgent, {}, {}};
      for (const auto& [index, played] : agents) {
        const PlannedCell& planned = plan_.cells.at(index);
        const auto found = played.find(name);
        if (found == played.end()) continue;
        for (const auto& [split, tasks] : found->second)
          row.results[column_of(planned, split)].push_back({planned.cell.seed, tasks, {}});
      }
      if (!row.results.empty()) study_.rows.push_back(std::move(row));
    }
  }

  // All points of a grid together: tuning is paid for, too.
  void add_costs() {
    std::map<std::pair<RowKey, std::string>, report::StudyCost> costs;
    for (const ReadCell& cell : cells_) {
      const StudyCell& its = cell.planned->cell;
      const RowKey key{its.method, its.model, its.scorer};
      report::StudyCost& cost = costs[{key, its.env}];
      cost.row = name_of(key);
      cost.env = its.env;
      ++cost.runs;
      cost.cost.explored += cell.run.cost.explored;
      cost.cost.scoring_rollouts += cell.run.cost.scoring_rollouts;
      cost.cost.tokens_generated += cell.run.cost.tokens_generated;
      cost.cost.sft_seconds += cell.run.cost.sft_seconds;
      cost.cost.seconds += cell.run.cost.seconds;
    }
    for (const StudyEntry& env : file().environments) {
      for (const RowKey& key : row_keys()) {
        const auto found = costs.find({key, env.name});
        if (found != costs.end() && file().method(key.method)->has_runs()) study_.costs.push_back(found->second);
      }
    }
  }

  void add_notes() {
    std::map<std::string, std::set<std::string>> panels;
    std::map<std::string, std::set<std::uint64_t>> seeds;
    for (const ReadCell& cell : cells_) {
      panels[cell.planned->cell.env].insert(cell.panel);
      seeds[cell.planned->cell.env].insert(cell.planned->cell.seed);
      if (cell.run.infrastructure_errors > 0)
        study_.notes.push_back(cell.planned->cell.name + ": " + std::to_string(cell.run.infrastructure_errors) +
                               " test episodes ended by infrastructure errors after retries; they count as 0");
      if (cell.planned->decides.value("allow_overlap", false))
        study_.notes.push_back(cell.planned->cell.name + ": train and test may overlap (allow-overlap)");
    }
    for (const auto& [env, hashes] : panels) {
      if (seeds[env].size() > 1 && hashes.size() == 1)
        study_.notes.push_back(env +
                               ": all seeds are tested on the same tasks, so that the intervals are about other "
                               "seeds of training on these tasks");
    }
    for (const FailedCell& cell : failed_) study_.notes.push_back(cell.name + " is missing: " + cell.why.message());
  }

  const StudyPlan& plan_;
  const std::vector<FailedCell>& failed_;
  report::StudyInput study_;
  std::vector<ReadCell> cells_;
  std::map<std::tuple<RowKey, std::string>, std::string> chosen_;  // point, by row and environment
  std::map<RowKey, std::size_t> rows_;                             // in study_.rows
};

}  // namespace

Result<report::StudyInput> read_results(const StudyPlan& plan, const std::vector<FailedCell>& failed,
                                        const std::map<std::size_t, AgentOutcomes>& agents) {
  return Results(plan, failed).read(agents);
}

}  // namespace ipr::host
