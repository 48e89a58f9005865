#include "core/report/scored_steps.h"

#include <algorithm>

namespace ipr::report {
namespace {

// The turns of an episode that are scored, by any scorer.
using ScoresByEpisode = std::map<std::int64_t, std::vector<store::StepScore>>;

void add_steps(const store::Episode& episode, const std::vector<store::StepScore>& scores,
               std::map<ScorerKey, ScoredSteps>& found) {
  for (const store::StepScore& score : scores) {
    const std::int32_t place = score.turn - episode.first_turn;
    if (place < 0 || static_cast<std::size_t>(place) >= episode.turns.size()) continue;  // its parent has this turn
    const store::Turn& turn = episode.turns[static_cast<std::size_t>(place)];
    found[{score.scorer, score.config_hash}][{episode.id, score.turn}] = {
        score,           episode.stage,     episode.policy,       episode.split,
        episode.task_id, episode.parent_id, episode.prefix_turns, turn.action,
        turn.progress};
  }
}

}  // namespace

Result<std::map<ScorerKey, ScoredSteps>> read_scored_steps(store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::StepScore> scores, record.all_scores());
  ScoresByEpisode by_episode;
  for (const store::StepScore& score : scores) by_episode[score.episode_id].push_back(score);
  std::map<ScorerKey, ScoredSteps> found;
  for (const auto& [id, of_episode] : by_episode) {
    IPR_ASSIGN(const store::Episode episode, record.episode(id));
    add_steps(episode, of_episode, found);
  }
  return found;
}

std::int64_t samples_of(const ScoredSteps& steps) {
  std::int64_t most = 0;
  for (const auto& [place, step] : steps) most = std::max(most, step.score.samples);
  return most;
}

}  // namespace ipr::report
