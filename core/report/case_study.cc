#include "core/report/case_study.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/base/strings.h"

namespace ipr::report {
namespace {

// The policy that a side means.
Result<std::string> policy_of(const CaseSide& side) {
  IPR_ASSIGN(const std::vector<store::Evaluation> evaluated, side.run.record->evaluations());
  std::set<std::string> known;
  std::string last;
  std::int32_t iteration = -1;
  for (const store::Evaluation& evaluation : evaluated) {
    known.insert(evaluation.policy);
    if (evaluation.iteration < iteration) continue;
    iteration = evaluation.iteration;
    last = evaluation.policy;
  }
  if (known.empty())
    return bad_data(side.run.record->path() + ": nothing was evaluated yet; wait for the run's first evaluation");
  if (!side.policy.empty()) {
    if (known.contains(side.policy)) return side.policy;
    return usage("policy \"" + side.policy + "\" was not evaluated in " + side.run.run +
                 did_you_mean(side.policy, {known.begin(), known.end()}));
  }
  IPR_ASSIGN(const std::vector<store::Policy> policies, side.run.record->policies());
  for (const store::Policy& policy : policies) {
    if (policy.chosen && known.contains(policy.name)) return policy.name;
  }
  return last;
}

using Place = std::tuple<std::string, std::string, std::int64_t>;  // split, task, sample

// Where the policy has played, with episode id and outcome.
struct Played {
  std::int64_t episode = 0;
  double outcome = 0;
};

Result<std::map<Place, Played>> played_by(store::RunStore& record, const std::string& policy,
                                          const CaseOptions& options) {
  std::map<Place, Played> found;
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  filter.policy = policy;
  if (!options.task.empty()) filter.task_id = options.task;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) -> Status {
    const bool wanted = options.splits.empty() ||
                        std::find(options.splits.begin(), options.splits.end(), episode.split) != options.splits.end();
    if (wanted) found[{episode.split, episode.task_id, episode.sample}] = {episode.id, episode.outcome};
    return {};
  }));
  return found;
}

// Tasks by split and id.
using TaskTable = std::map<std::pair<std::string, std::string>, store::Task>;

Result<TaskTable> tasks_of(store::RunStore& record, const std::map<Place, Played>& played) {
  std::set<std::string> splits;
  for (const auto& [place, episode] : played) splits.insert(std::get<0>(place));
  TaskTable table;
  for (const std::string& split : splits) {
    IPR_ASSIGN(const std::vector<store::Task> tasks, record.tasks(split));
    for (const store::Task& task : tasks) table[{split, task.id}] = task;
  }
  return table;
}

// A task that both have played.
struct Common {
  Place place;
  Played a, b;
  [[nodiscard]] double difference() const { return std::abs(a.outcome - b.outcome); }
};

std::vector<Common> common_tasks(const std::map<Place, Played>& a, const TaskTable& tasks_a,
                                 const std::map<Place, Played>& b, const TaskTable& tasks_b) {
  std::vector<Common> common;
  for (const auto& [place, played] : a) {
    const auto other = b.find(place);
    if (other == b.end()) continue;
    const std::pair key(std::get<0>(place), std::get<1>(place));
    const auto here = tasks_a.find(key), there = tasks_b.find(key);
    // The same id may name another task in another world.
    if (here != tasks_a.end() && there != tasks_b.end() && here->second.sha256 != there->second.sha256) continue;
    common.push_back({place, played, other->second});
  }
  std::stable_sort(common.begin(), common.end(),
                   [](const Common& x, const Common& y) { return x.difference() > y.difference(); });
  return common;
}

const std::string& said(const store::Turn& turn) {
  return turn.action.empty() ? turn.message : turn.action;  // what could not be read as an action
}

std::optional<std::size_t> first_difference(const store::Episode& a, const store::Episode& b) {
  const std::size_t both = std::min(a.turns.size(), b.turns.size());
  for (std::size_t turn = 0; turn < both; ++turn) {
    if (said(a.turns[turn]) != said(b.turns[turn])) return turn;
  }
  return a.turns.size() == b.turns.size() ? std::nullopt : std::optional(both);
}

Status no_common_task(const CaseSide& a, const CaseSide& b, const CaseOptions& options) {
  const std::string runs = a.run.run + " and " + b.run.run;
  if (!options.task.empty())
    return usage("--task " + options.task + ": not evaluated in both " + runs +
                 "; leave it out to see the tasks that differ the most");
  return bad_data(runs + " have evaluated no common task" +
                  (options.splits.empty() ? "" : " on " + join(options.splits, ", ")) +
                  "; give runs of one environment and one world, or another --split");
}

}  // namespace

Result<CaseStudy> make_case_study(const CaseSide& a, const CaseSide& b, const CaseOptions& options) {
  store::RunStore &record_a = *a.run.record, &record_b = *b.run.record;
  IPR_ASSIGN(const std::string policy_a, policy_of(a));
  IPR_ASSIGN(const std::string policy_b, policy_of(b));
  IPR_ASSIGN(const auto played_a, played_by(record_a, policy_a, options));
  IPR_ASSIGN(const auto played_b, played_by(record_b, policy_b, options));
  IPR_ASSIGN(const TaskTable tasks_a, tasks_of(record_a, played_a));
  IPR_ASSIGN(const TaskTable tasks_b, tasks_of(record_b, played_b));
  const std::vector<Common> common = common_tasks(played_a, tasks_a, played_b, tasks_b);
  if (common.empty()) return no_common_task(a, b, options);
  CaseStudy study;
  study.a = a.run.run + " " + policy_a;
  study.b = b.run.run + " " + policy_b;
  study.common = common.size();
  for (std::size_t i = 0; i < common.size() && i < options.limit; ++i) {
    Case shown;
    IPR_ASSIGN(shown.a, record_a.episode(common[i].a.episode));
    IPR_ASSIGN(shown.b, record_b.episode(common[i].b.episode));
    const auto task = tasks_a.find({shown.a.split, shown.a.task_id});
    if (task != tasks_a.end()) shown.instruction = task->second.instruction;
    shown.parts = first_difference(shown.a, shown.b);
    study.cases.push_back(std::move(shown));
  }
  return study;
}

namespace {

Json or_null(double value) {
  return std::isnan(value) ? Json() : Json(value);
}

Json side_json(const std::string& name, const store::Episode& episode) {
  Json turns = Json::array();
  for (std::size_t i = 0; i < episode.turns.size(); ++i) {
    const store::Turn& turn = episode.turns[i];
    turns.push_back({{"turn", i},
                     {"message", turn.message},
                     {"action", turn.action},
                     {"observation", turn.observation},
                     {"valid", turn.valid},
                     {"progress", or_null(turn.progress)}});
  }
  return {{"name", name},
          {"policy", episode.policy},
          {"episode", episode.id},
          {"outcome", episode.outcome},
          {"success", episode.success},
          {"exit_status", episode.exit_status},
          {"turns", std::move(turns)}};
}

}  // namespace

std::vector<Json> to_json(const CaseStudy& study) {
  std::vector<Json> lines;
  for (const Case& shown : study.cases) {
    lines.push_back({{"kind", "case-study"},
                     {"task", shown.a.task_id},
                     {"split", shown.a.split},
                     {"sample", shown.a.sample},
                     {"instruction", shown.instruction},
                     {"first_difference", shown.parts ? Json(*shown.parts) : Json()},
                     {"a", side_json(study.a, shown.a)},
                     {"b", side_json(study.b, shown.b)}});
  }
  return lines;
}

}  // namespace ipr::report
