#include "core/report/leaderboard.h"

#include <algorithm>
#include <tuple>

namespace ipr::report {
namespace {

// Running sums of one task's repeats.
struct TaskOutcome {
  double sum = 0;
  std::int64_t count = 0;
  [[nodiscard]] double mean() const { return sum / static_cast<double>(count); }
};

// All evaluated episodes of one policy on one split.
struct Evaluated {
  std::map<std::string, TaskOutcome> tasks;
  std::map<std::string, TaskOutcome> extra;
  std::int64_t infrastructure_errors = 0;
};

using Key = std::tuple<std::string, std::int32_t, std::string>;  // split, iteration, policy: the order of the table
using Clusters = std::map<std::string, std::string>;             // by task id

// What a record says, read once.
struct ReadRun {
  const RunSource* source = nullptr;
  std::map<Key, Evaluated> evaluations;
  std::map<std::string, Clusters> clusters;  // by split
  std::vector<store::Policy> policies;
  std::vector<OverlapNote> overlaps;
};

Status add_extra(const store::Episode& episode, std::map<std::string, TaskOutcome>& extra) {
  if (episode.extra_json.empty()) return {};
  IPR_ASSIGN(const Json object, parse_json(episode.extra_json, "extra of episode " + std::to_string(episode.id)));
  if (!object.is_object()) return bad_data("extra of episode " + std::to_string(episode.id) + ": expected an object");
  for (const auto& [name, value] : object.items()) {
    if (!value.is_number() && !value.is_boolean()) continue;
    TaskOutcome& sum = extra[name];
    sum.sum += value.is_boolean() ? static_cast<double>(value.get<bool>()) : value.get<double>();
    ++sum.count;
  }
  return {};
}

bool is_infrastructure(const std::string& exit_status) {
  return exit_status == "env_error" || exit_status == "policy_error" || exit_status == "timeout";
}

Result<std::map<Key, Evaluated>> read_evaluations(store::RunStore& record, const std::vector<std::string>& splits) {
  std::map<Key, Evaluated> found;
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) -> Status {
    if (!splits.empty() && std::find(splits.begin(), splits.end(), episode.split) == splits.end()) return {};
    Evaluated& policy = found[{episode.split, episode.iteration, episode.policy}];
    TaskOutcome& task = policy.tasks[episode.task_id];
    task.sum += episode.outcome;
    ++task.count;
    policy.infrastructure_errors += is_infrastructure(episode.exit_status);
    return add_extra(episode, policy.extra);
  }));
  return found;
}

Result<ReadRun> read_run(const RunSource& source, const std::vector<std::string>& splits) {
  ReadRun run;
  run.source = &source;
  IPR_ASSIGN(run.evaluations, read_evaluations(*source.record, splits));
  IPR_ASSIGN(run.policies, source.record->policies());
  for (const auto& [key, policy] : run.evaluations) {
    const std::string& split = std::get<0>(key);
    if (run.clusters.contains(split)) continue;
    IPR_ASSIGN(const std::vector<store::Task> tasks, source.record->tasks(split));
    Clusters& clusters = run.clusters[split];
    for (const store::Task& task : tasks) clusters[task.id] = task.cluster;
  }
  IPR_ASSIGN(const std::optional<std::string> overlaps, source.record->state("overlap"));
  if (overlaps) {
    IPR_ASSIGN(const Json json, parse_json(*overlaps, "state overlap"));
    IPR_ASSIGN(run.overlaps, overlaps_from_json(json, "state overlap"));
  }
  return run;
}

std::string cluster_of(const Clusters& clusters, const std::string& task) {
  const auto found = clusters.find(task);
  return found == clusters.end() ? std::string() : found->second;
}

Estimate mean_outcome(const Evaluated& policy, const Clusters& clusters) {
  std::vector<double> means;
  std::vector<std::string> keys;
  for (const auto& [task, outcome] : policy.tasks) {
    means.push_back(outcome.mean());
    keys.push_back(cluster_of(clusters, task));
  }
  return estimate_outcome(means, keys);
}

// Over the tasks that both have played.
Comparison compare(const Evaluated& policy, const Evaluated& baseline, const Clusters& clusters) {
  std::vector<double> outcomes, others;
  std::vector<std::string> keys;
  for (const auto& [task, outcome] : policy.tasks) {
    const auto other = baseline.tasks.find(task);
    if (other == baseline.tasks.end()) continue;
    outcomes.push_back(outcome.mean());
    others.push_back(other->second.mean());
    keys.push_back(cluster_of(clusters, task));
  }
  return compare_paired(outcomes, others, keys);
}

// The policy that rows of this run and split are compared with; nullptr where there is none.
const Evaluated* find_baseline(const std::vector<ReadRun>& runs, const ReadRun& run, const std::string& split,
                               const LeaderboardOptions& options) {
  const ReadRun* holder = options.baseline_run.empty() ? &run : nullptr;
  for (const ReadRun& other : runs) {
    const bool named = !options.baseline_run.empty() && other.source->run == options.baseline_run;
    if (named && other.source->panel == run.source->panel) holder = &other;
  }
  if (holder == nullptr) return nullptr;
  for (const auto& [key, policy] : holder->evaluations) {
    if (std::get<0>(key) == split && std::get<2>(key) == options.baseline) return &policy;
  }
  return nullptr;
}

Row make_row(const ReadRun& run, const Key& key, const Evaluated& policy) {
  Row row;
  row.run = run.source->run;
  row.env = run.source->env;
  row.panel = run.source->panel;
  std::tie(row.split, row.iteration, row.policy) = key;
  for (const store::Policy& known : run.policies) {
    if (known.name != row.policy) continue;
    row.chosen = known.chosen;
    row.rolled_back = known.rolled_back;
  }
  for (const OverlapNote& overlap : run.overlaps) {
    const auto found = overlap.splits.find(row.split);
    if (overlap.first == "train" && found != overlap.splits.end()) row.overlap += found->second;
  }
  const Estimate outcome = mean_outcome(policy, run.clusters.at(row.split));
  row.n = static_cast<std::int64_t>(outcome.n);
  row.clusters = static_cast<std::int64_t>(outcome.clusters);
  row.mean = outcome.mean;
  row.ci95 = outcome.interval;
  for (const auto& [extra, sum] : policy.extra) row.extra[extra] = sum.mean();
  row.infrastructure_errors = policy.infrastructure_errors;
  return row;
}

void add_comparison(Row& row, const Comparison& comparison, const LeaderboardOptions& options) {
  if (comparison.difference.n == 0) return;
  row.baseline = (options.baseline_run.empty() ? "" : options.baseline_run + "/") + options.baseline;
  row.diff = comparison.difference.mean;
  row.diff_ci95 = comparison.difference.interval;
  row.p = comparison.p;
  row.test = comparison.test;
  row.mde = comparison.mde;
}

// Of rows [first, end of the table), which are of one run, split by split.
void correct(std::vector<Row>& rows, std::size_t first) {
  std::map<std::string, std::vector<Row*>> families;
  for (std::size_t i = first; i < rows.size(); ++i) {
    if (rows[i].p) families[rows[i].split].push_back(&rows[i]);
  }
  for (const auto& [split, family] : families) {
    std::vector<double> p;
    for (const Row* row : family) p.push_back(*row->p);
    const std::vector<double> adjusted = holm(p);
    for (std::size_t i = 0; i < family.size(); ++i) {
      family[i]->p_adjusted = adjusted[i];
      family[i]->compared = static_cast<std::int64_t>(family.size());
    }
  }
}

Status add_run(const std::vector<ReadRun>& runs, const ReadRun& run, const LeaderboardOptions& options,
               Leaderboard& table) {
  const std::size_t first = table.rows.size();
  for (const auto& [key, policy] : run.evaluations) {
    Row row = make_row(run, key, policy);
    const Evaluated* baseline = find_baseline(runs, run, row.split, options);
    if (baseline != nullptr && baseline != &policy) {
      add_comparison(row, compare(policy, *baseline, run.clusters.at(row.split)), options);
    }
    table.rows.push_back(std::move(row));
  }
  correct(table.rows, first);
  IPR_ASSIGN(const std::vector<store::Cost> costs, run.source->record->costs());
  for (const store::Cost& cost : costs) {
    if (cost.stage != store::kMonteCarlo) continue;
    table.cost.rollouts += cost.rollouts;
    table.cost.tokens_asked += cost.tokens_asked;
    table.cost.tokens_computed += cost.tokens_computed;
    table.cost.tokens_padding += cost.tokens_padding;
    table.cost.seconds += cost.seconds;
  }
  return {};
}

}  // namespace

Result<Leaderboard> make_leaderboard(const std::vector<RunSource>& runs, const LeaderboardOptions& options) {
  std::vector<ReadRun> read;
  for (const RunSource& source : runs) {
    Result<ReadRun> run = read_run(source, options.splits);
    if (!run.ok()) return run.status().at(source.record->path());
    read.push_back(std::move(*run));
  }
  Leaderboard table;
  for (const ReadRun& run : read) {
    if (const Status status = add_run(read, run, options, table); !status.ok())
      return status.at(run.source->record->path());
  }
  return table;
}

Finding finding(const Row& row) {
  if (!row.diff_ci95 || !row.p_adjusted) return Finding::kTooFew;
  if (*row.p_adjusted >= 0.05) return Finding::kNotShown;
  return row.diff_ci95->low > 0 ? Finding::kBetter : row.diff_ci95->high < 0 ? Finding::kWorse : Finding::kNotShown;
}

}  // namespace ipr::report
