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

Result<Clusters> read_clusters(store::RunStore& record, const std::string& split) {
  Clusters clusters;
  IPR_ASSIGN(const std::vector<store::Task> tasks, record.tasks(split));
  for (const store::Task& task : tasks) clusters[task.id] = task.cluster;
  return clusters;
}

std::string cluster_of(const Clusters& clusters, const std::string& task) {
  const auto found = clusters.find(task);
  return found == clusters.end() ? std::string() : found->second;
}

Estimate estimate_outcome(const Evaluated& policy, const Clusters& clusters) {
  std::vector<double> means;
  std::vector<std::string> keys;
  for (const auto& [task, outcome] : policy.tasks) {
    means.push_back(outcome.mean());
    keys.push_back(cluster_of(clusters, task));
  }
  return estimate_clustered_mean(means, keys);
}

// Over the tasks that both have played.
Estimate estimate_difference(const Evaluated& policy, const Evaluated& baseline, const Clusters& clusters) {
  std::vector<double> differences;
  std::vector<std::string> keys;
  for (const auto& [task, outcome] : policy.tasks) {
    const auto other = baseline.tasks.find(task);
    if (other == baseline.tasks.end()) continue;
    differences.push_back(outcome.mean() - other->second.mean());
    keys.push_back(cluster_of(clusters, task));
  }
  return estimate_clustered_mean(differences, keys);
}

void compare(Row& row, const Evaluated& policy, const Evaluated& baseline, const std::string& name,
             const Clusters& clusters) {
  const Estimate difference = estimate_difference(policy, baseline, clusters);
  if (difference.n == 0) return;
  row.baseline = name;
  row.diff = difference.mean;
  row.diff_ci95 = difference.interval;
  row.p = t_test(difference);
  row.mde = minimum_detectable_effect(difference);
}

Status add_run(const RunSource& run, const LeaderboardOptions& options, Leaderboard& table) {
  IPR_ASSIGN(const auto evaluations, read_evaluations(*run.record, options.splits));
  IPR_ASSIGN(const std::vector<store::Policy> policies, run.record->policies());
  std::map<std::string, Clusters> clusters;
  for (const auto& [key, policy] : evaluations) {
    const auto& [split, iteration, name] = key;
    if (!clusters.contains(split)) {
      IPR_ASSIGN(clusters[split], read_clusters(*run.record, split));
    }
    Row row;
    row.run = run.run;
    row.env = run.env;
    row.policy = name;
    row.iteration = iteration;
    row.split = split;
    row.panel = run.panel;
    for (const store::Policy& known : policies) {
      if (known.name != name) continue;
      row.chosen = known.chosen;
      row.rolled_back = known.rolled_back;
    }
    const Estimate outcome = estimate_outcome(policy, clusters[split]);
    row.n = static_cast<std::int64_t>(outcome.n);
    row.mean = outcome.mean;
    row.ci95 = outcome.interval;
    for (const auto& [extra, sum] : policy.extra) row.extra[extra] = sum.mean();
    row.infrastructure_errors = policy.infrastructure_errors;
    if (name != options.baseline) {
      for (const auto& [other, baseline] : evaluations) {
        if (std::get<0>(other) == split && std::get<2>(other) == options.baseline) {
          compare(row, policy, baseline, options.baseline, clusters[split]);
        }
      }
    }
    table.rows.push_back(std::move(row));
  }
  IPR_ASSIGN(const std::vector<store::Cost> costs, run.record->costs());
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

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}
Json or_null(const std::optional<Interval>& value) {
  return value ? Json::array({value->low, value->high}) : Json();
}

}  // namespace

Result<Leaderboard> make_leaderboard(const std::vector<RunSource>& runs, const LeaderboardOptions& options) {
  Leaderboard table;
  for (const RunSource& run : runs) {
    if (const Status status = add_run(run, options, table); !status.ok()) return status.at(run.record->path());
  }
  return table;
}

Json to_json(const Leaderboard& table) {
  Json rows = Json::array();
  for (const Row& row : table.rows) {
    Json extra = Json::object();
    for (const auto& [name, value] : row.extra) extra[name] = value;
    if (row.infrastructure_errors > 0) extra["infrastructure_errors"] = row.infrastructure_errors;
    rows.push_back({{"run", row.run},
                    {"env", row.env},
                    {"policy", row.policy},
                    {"iteration", row.iteration},
                    {"chosen", row.chosen},
                    {"split", row.split},
                    {"panel", row.panel},
                    {"n", row.n},
                    {"mean", row.mean},
                    {"ci95", or_null(row.ci95)},
                    {"baseline", row.baseline.empty() ? Json() : Json(row.baseline)},
                    {"diff", or_null(row.diff)},
                    {"diff_ci95", or_null(row.diff_ci95)},
                    {"p", or_null(row.p)},
                    {"mde", or_null(row.mde)},
                    {"extra", extra}});
  }
  return {{"rows", rows},
          {"cost",
           {{"rollouts", table.cost.rollouts},
            {"tokens_asked", table.cost.tokens_asked},
            {"tokens_computed", table.cost.tokens_computed},
            {"tokens_padding", table.cost.tokens_padding},
            {"seconds", table.cost.seconds}}}};
}

}  // namespace ipr::report
