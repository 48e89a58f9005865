// What earlier processes of this run recorded, back in memory.
#include "core/loop/run_state.h"

namespace ipr::loop {

const env::Task* Run::train_task(const std::string& id) const {
  const auto found = train_index_.find(id);
  return found == train_index_.end() ? nullptr : &train_.tasks[found->second];
}

Status Run::each_recorded(const char* stage,
                          const std::function<Status(const store::Episode&, rollout::Trajectory)>& visit) {
  store::EpisodeFilter filter;
  filter.stage = stage;
  return store_->for_each_episode(filter, store::Turns::kLoad, [&](const store::Episode& episode) -> Status {
    const env::Task* const task = train_task(episode.task_id);
    if (task == nullptr) {
      return bad_data(store_->path() + ": episode " + std::to_string(episode.id) + " is of task \"" + episode.task_id +
                      "\", which is no train task of this run; begin a new run with --out");
    }
    return visit(episode, to_trajectory(episode, task));
  });
}

Status Run::restore_explorations() {
  return each_recorded(store::kExplore, [&](const store::Episode& episode, rollout::Trajectory trajectory) {
    explored_[{episode.iteration, static_cast<std::size_t>(episode.plan)}].push_back(
        put_into_book(std::move(trajectory)));
    return Status();
  });
}

Status Run::restore_scores() {
  const std::string hash = scorer_->config_hash();
  IPR_ASSIGN(const std::vector<store::StepScore> scores, store_->all_scores());
  for (const store::StepScore& score : scores) {
    const auto found = book_.find(static_cast<std::uint64_t>(score.episode_id));
    if (found == book_.end() || score.scorer != scorer_->id() || score.config_hash != hash) continue;
    Query query{{found->first, static_cast<std::size_t>(score.turn)}};
    if (score.rival_id != 0) {
      query.rival = Place{static_cast<std::uint64_t>(score.rival_id), static_cast<std::size_t>(score.rival_turn)};
      query.margin = score.margin;
      query.flags = static_cast<std::uint32_t>(score.question);
      if (book_.count(query.rival->trajectory_id) == 0) continue;
    }
    score_cache_[key_of(query)] = {score.value, score.variance, static_cast<std::uint32_t>(score.samples), score.low,
                                   score.high};
  }
  return {};
}

Status Run::restore_rollouts() {
  if (!scorer_->reads_rivals()) return {};
  return each_recorded(store::kMonteCarlo, [this](const store::Episode&, const rollout::Trajectory& rollout) {
    if (!env::is_infrastructure(rollout.exit_status)) memo_.keep(rollout, true);
    return Status();
  });
}

}  // namespace ipr::loop
