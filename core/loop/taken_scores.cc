#include "core/loop/taken_scores.h"

#include <algorithm>

#include "core/loop/record.h"

namespace ipr::loop {

Result<TakenScores> TakenScores::open(const std::string& folder, const ScorerPlugin& scorer,
                                      const std::string& base_sha256, const std::string& scorer_models,
                                      const std::function<const env::Task*(const std::string&)>& task_of) {
  IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(folder + "/run.db"));
  TakenScores taken(std::move(record));
  IPR_ASSIGN(const std::vector<store::Policy> policies, taken.record_.policies());
  const bool same = std::any_of(policies.begin(), policies.end(), [&](const store::Policy& policy) {
    return policy.iteration == 0 && policy.sha256 == base_sha256;
  });
  if (!same)
    return usage("--scores-from " + folder + ": its steps were scored with another SFT model than this run's; " +
                 "give --start-from as well, or leave out --scores-from");
  IPR_ASSIGN(const std::optional<std::string> models, taken.record_.state(kScorerModels));
  if (models.value_or("") != scorer_models)
    return usage("--scores-from " + folder + ": its scorer's model was another one than this run's; leave it out");
  std::map<std::int64_t, std::vector<store::StepScore>> of_episode;
  IPR_ASSIGN(const std::vector<store::StepScore> scores, taken.record_.all_scores());
  for (const store::StepScore& score : scores) {
    if (score.scorer == scorer.id() && score.config_hash == scorer.config_hash() && score.rival_id == 0)
      of_episode[score.episode_id].push_back(score);
  }
  for (const char* stage : {store::kExpert, store::kExplore}) {
    store::EpisodeFilter filter;
    filter.stage = stage;
    IPR_TRY(taken.record_.for_each_episode(filter, store::Turns::kLoad, [&](const store::Episode& episode) -> Status {
      const auto scored = of_episode.find(episode.id);
      const env::Task* const task = task_of(episode.task_id);
      if (scored == of_episode.end() || task == nullptr) return {};
      const rollout::Trajectory trajectory = to_trajectory(episode, task);
      for (const store::StepScore& score : scored->second) {
        const std::uint64_t history = rollout::prefix_hash(trajectory, static_cast<std::size_t>(score.turn) + 1);
        const Score value = {score.value, score.variance, static_cast<std::uint32_t>(score.samples), score.low,
                             score.high};
        taken.scored_.try_emplace(history, Scored{value, {}}).first->second.places.emplace_back(episode.id, score.turn);
      }
      return {};
    }));
  }
  return taken;
}

Result<TakenScores::Taken> TakenScores::take(std::uint64_t history) {
  const Scored& scored = scored_.at(history);
  Taken taken{scored.score, {}};
  for (const auto& [episode_id, turn] : scored.places) {
    store::EpisodeFilter filter;
    filter.stage = store::kMonteCarlo;
    filter.parent_id = episode_id;
    IPR_ASSIGN(std::vector<store::Episode> rollouts, record_.episodes(filter));
    std::erase_if(rollouts, [&](const store::Episode& rollout) { return rollout.prefix_turns != turn + 1; });
    if (taken.rollouts.empty()) taken.rollouts = std::move(rollouts);
  }
  return taken;
}

}  // namespace ipr::loop
