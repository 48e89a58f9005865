#include "core/report/analysis_parts.h"

#include <algorithm>

#include "core/base/strings.h"

namespace ipr::report {

Result<Tasks> tasks_of(store::RunStore& record, const std::string& split) {
  IPR_ASSIGN(std::vector<store::Task> listed, record.tasks(split));
  Tasks tasks;
  for (store::Task& task : listed) {
    const std::string id = task.id;
    tasks[id] = std::move(task);
  }
  return tasks;
}

std::string cluster_of(const Tasks& tasks, const std::string& id) {
  const auto found = tasks.find(id);
  return found == tasks.end() ? std::string() : found->second.cluster;
}

Result<std::string> model_of(store::RunStore& record) {
  IPR_ASSIGN(const std::optional<std::string> text, record.state("config"));
  IPR_ASSIGN(const Json resolved, parse_json(text.value_or("{}"), record.path() + ": config"));
  const Json config = resolved.is_object() ? resolved.value("config", Json::object()) : Json::object();
  const Json model = config.is_object() ? config.value("model", Json()) : Json();
  return model.is_string() ? model.get<std::string>() : std::string();
}

Status for_each_evaluated(store::RunStore& record, const std::vector<std::string>& splits, store::Turns turns,
                          const std::function<Status(const PolicyKey&, const store::Episode&)>& visit) {
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  const Status status = record.for_each_episode(filter, turns, [&](const store::Episode& episode) -> Status {
    if (!splits.empty() && std::find(splits.begin(), splits.end(), episode.split) == splits.end()) return {};
    return visit({episode.split, episode.iteration, episode.policy}, episode);
  });
  return status.ok() ? status : status.at(record.path());
}

Status nothing_evaluated(const std::vector<std::string>& splits) {
  return bad_data("nothing was evaluated" + (splits.empty() ? "" : " on " + join(splits, ", ")) +
                  " in these runs; wait for the first evaluation, or choose another split with --split");
}

bool is_infrastructure_failure(const store::Episode& episode) {
  return episode.exit_status == "env_error" || episode.exit_status == "policy_error" ||
         episode.exit_status == "timeout";
}

void TaskValues::add(const std::string& task, double value) {
  auto& [sum, count] = sums_[task];
  sum += value;
  ++count;
}

namespace {

struct Means {
  std::vector<double> values;
  std::vector<std::string> clusters;
};

Means means_of(const std::map<std::string, std::pair<double, std::int64_t>>& sums, const Tasks& tasks) {
  Means means;
  for (const auto& [task, sum] : sums) {
    means.values.push_back(sum.first / static_cast<double>(sum.second));
    means.clusters.push_back(cluster_of(tasks, task));
  }
  return means;
}

}  // namespace

Estimate TaskValues::mean(const Tasks& tasks) const {
  const Means means = means_of(sums_, tasks);
  return estimate_clustered_mean(means.values, means.clusters);
}

Estimate TaskValues::mean_outcome(const Tasks& tasks) const {
  const Means means = means_of(sums_, tasks);
  return estimate_outcome(means.values, means.clusters);
}

Json or_null(const std::optional<Interval>& interval) {
  return interval ? Json::array({interval->low, interval->high}) : Json();
}

Json to_json(const Estimate& estimate) {
  return {
      {"n", estimate.n}, {"mean", estimate.n > 0 ? Json(estimate.mean) : Json()}, {"ci95", or_null(estimate.interval)}};
}

std::string mean_cell(const Estimate& estimate, int digits) {
  return estimate.n > 0 ? fixed(estimate.mean, digits) : std::string();
}

std::string RowNames::of(const std::string& run, const PolicyKey& key) const {
  return (runs_ ? printable(run) + " " : "") + (splits_ ? printable(key.split) + " " : "") + printable(key.policy);
}

void drop_run_if_one(std::vector<Column>& columns) {
  const std::vector<std::string>& cells = columns[0].cells;
  if (std::all_of(cells.begin(), cells.end(), [&](const std::string& cell) { return cell == cells[0]; }))
    columns.erase(columns.begin());
}

int plot_width(const std::vector<std::string>& labels) {
  std::size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, label.size());
  constexpr std::size_t kWidest = 1600;  // beyond it labels are left out
  const std::size_t wanted = 90 + labels.size() * (7 * longest + 14);
  return static_cast<int>(std::clamp(wanted, static_cast<std::size_t>(kPlotWidth), kWidest));
}

}  // namespace ipr::report
