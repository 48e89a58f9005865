#include "core/report/study_read.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/report/analysis_parts.h"

namespace ipr::report {
namespace {

struct Sum {
  double value = 0;
  std::int64_t count = 0;
};

TaskOutcomes outcomes_of(const std::map<std::string, Sum>& sums, const Tasks& tasks) {
  TaskOutcomes outcomes;
  for (const auto& [task, sum] : sums) {
    outcomes.ids.push_back(task);
    outcomes.outcomes.push_back(sum.value / static_cast<double>(sum.count));
    outcomes.clusters.push_back(cluster_of(tasks, task));
  }
  return outcomes;
}

Status read_evaluations(store::RunStore& record, const std::string& split, bool is_test, StudyRun& run) {
  std::map<std::int32_t, std::map<std::string, Sum>> sums;
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  filter.split = split;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
    Sum& sum = sums[episode.iteration][episode.task_id];
    sum.value += episode.outcome;
    ++sum.count;
    if (is_test) run.infrastructure_errors += is_infrastructure_failure(episode);
    return Status();
  }));
  IPR_ASSIGN(const Tasks tasks, tasks_of(record, split));
  for (const auto& [iteration, played] : sums) run.evaluations[split][iteration] = outcomes_of(played, tasks);
  return {};
}

// The mean over the tasks of all dev splits together, as the loop chooses by.
std::optional<double> dev_reward(const StudyRun& run, const std::vector<std::string>& splits, std::int32_t iteration) {
  double sum = 0, count = 0;
  for (const std::string& split : splits) {
    const auto played = run.evaluations.find(split);
    if (played == run.evaluations.end() || !played->second.contains(iteration)) continue;
    for (const double outcome : played->second.at(iteration).outcomes) sum += outcome, ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

}  // namespace

double TaskOutcomes::mean() const {
  double sum = 0;
  for (const double outcome : outcomes) sum += outcome;
  return outcomes.empty() ? 0 : sum / static_cast<double>(outcomes.size());
}

std::int32_t StudyRun::last() const {
  std::int32_t last = 0;
  for (const auto& [split, iterations] : evaluations) {
    if (!iterations.empty()) last = std::max(last, iterations.rbegin()->first);
  }
  return last;
}

Result<StudyRun> read_study_run(store::RunStore& record, const std::vector<std::string>& test_splits,
                                const std::vector<std::string>& dev_splits) {
  StudyRun run;
  for (const std::string& split : test_splits) IPR_TRY(read_evaluations(record, split, true, run));
  for (const std::string& split : dev_splits) IPR_TRY(read_evaluations(record, split, false, run));
  IPR_ASSIGN(const std::vector<store::Policy> policies, record.policies());
  for (const store::Policy& policy : policies) {
    if (policy.chosen) run.chosen = policy.iteration;
  }
  run.dev = dev_reward(run, dev_splits, run.chosen.value_or(run.last()));
  for (const std::string& split : dev_splits) run.evaluations.erase(split);
  IPR_ASSIGN(const std::vector<store::Cost> costs, record.costs());
  for (const store::Cost& cost : costs) {
    if (cost.stage == store::kExplore) run.cost.explored += cost.rollouts;
    if (cost.stage == store::kMonteCarlo) run.cost.scoring_rollouts += cost.rollouts;
    run.cost.tokens_generated += cost.tokens_generated;
    (cost.stage == "sft" ? run.cost.sft_seconds : run.cost.seconds) += cost.seconds;
  }
  return run;
}

Result<std::int64_t> rollouts_per_task(store::RunStore& record) {
  std::set<std::pair<std::int32_t, std::string>> explored;
  double rollouts = 0;
  for (const char* stage : {store::kExplore, store::kMonteCarlo}) {
    store::EpisodeFilter filter;
    filter.stage = stage;
    IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
      if (stage == store::kExplore) explored.insert({episode.iteration, episode.task_id});
      ++rollouts;
      return Status();
    }));
  }
  if (explored.empty()) return std::int64_t{1};
  return std::max<std::int64_t>(1, std::llround(rollouts / static_cast<double>(explored.size())));
}

}  // namespace ipr::report
