#include "core/report/scored_steps.h"

#include <algorithm>

#include "core/report/analysis_parts.h"

namespace ipr::report {
namespace {

// The turns of an episode that are scored, by any scorer.
using ScoresByEpisode = std::map<std::int64_t, std::vector<store::StepScore>>;

void add_steps(const store::Episode& episode, const std::string& cluster, const std::vector<store::StepScore>& scores,
               std::map<ScorerKey, ScoredSteps>& found) {
  for (const store::StepScore& score : scores) {
    const std::int32_t place = score.turn - episode.first_turn;
    if (place < 0 || static_cast<std::size_t>(place) >= episode.turns.size()) continue;  // its parent has this turn
    const store::Turn& turn = episode.turns[static_cast<std::size_t>(place)];
    found[{score.scorer, score.config_hash}][{episode.id, score.turn}] = {
        score,           episode.stage, episode.policy,    episode.split,
        episode.task_id, cluster,       episode.parent_id, episode.prefix_turns,
        turn.action,     turn.progress, episode.outcome};
  }
}

}  // namespace

Result<std::map<ScorerKey, ScoredSteps>> read_scored_steps(store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::StepScore> scores, record.all_scores());
  ScoresByEpisode by_episode;
  for (const store::StepScore& score : scores) by_episode[score.episode_id].push_back(score);
  std::map<std::string, Tasks> tasks;  // by split
  std::map<ScorerKey, ScoredSteps> found;
  for (const auto& [id, of_episode] : by_episode) {
    IPR_ASSIGN(const store::Episode episode, record.episode(id));
    if (!tasks.contains(episode.split)) {
      IPR_ASSIGN(tasks[episode.split], tasks_of(record, episode.split));
    }
    const std::string cluster = cluster_of(tasks[episode.split], episode.task_id);
    add_steps(episode, cluster.empty() ? "task " + episode.task_id : cluster, of_episode, found);
  }
  return found;
}

Status for_each_scored_source(const std::vector<RunSource>& runs, const std::vector<std::string>& files,
                              const std::function<Status(const ScoredSource&)>& visit) {
  bool any = false;
  for (const RunSource& run : runs) {
    Result<std::map<ScorerKey, ScoredSteps>> scorers = read_scored_steps(*run.record);
    if (!scorers.ok()) return scorers.status().at(run.record->path());
    for (auto& [scorer, steps] : *scorers) {
      any = true;
      IPR_TRY(visit({run.run, run.env, scorer, "", false, std::move(steps)}));
    }
  }
  for (const std::string& file : files) {
    IPR_ASSIGN(const ScoredSource source, read_scored_file(file));
    any = true;
    IPR_TRY(visit(source));
  }
  if (any) return {};
  return bad_data(runs[0].record->path() +
                  ": holds no step rewards; give runs whose optimizer asks a scorer, as ipr, or files of `ipr-host "
                  "score`");
}

std::int64_t samples_of(const ScoredSteps& steps) {
  std::int64_t most = 0;
  for (const auto& [place, step] : steps) most = std::max(most, step.score.samples);
  return most;
}

}  // namespace ipr::report
