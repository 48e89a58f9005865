// Greedy play of a panel: the numbers of the table.
#include <set>

#include "core/base/rng.h"
#include "core/loop/run_state.h"
#include "core/loop/start_from.h"

namespace ipr::loop {

Result<TaskOutcomes> Run::recorded_outcomes(const Policy& policy, const Panel& panel) {
  TaskOutcomes outcomes;
  const std::set<std::string> splits(panel.splits.begin(), panel.splits.end());
  for (const std::string& split : splits) {
    store::EpisodeFilter filter;
    filter.stage = store::kEval;
    filter.iteration = policy.iteration;
    filter.policy = policy.name;
    filter.split = split;
    IPR_TRY(store_->for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
      outcomes[episode.task_id] = episode.outcome;
      return Status();
    }));
  }
  return outcomes;
}

Result<TaskOutcomes> Run::evaluate(Policy& policy, const Panel& panel) {
  ChunkWriter::Stage stage{stage_name(policy.iteration, panel.role), policy.iteration, store::kEval};
  IPR_ASSIGN(const bool done, store_->stage_done(stage.name));
  IPR_ASSIGN(TaskOutcomes outcomes, recorded_outcomes(policy, panel));
  if (done || panel.tasks.empty()) return outcomes;
  if (policy.iteration == 0 && !config_.start_from.empty() && outcomes.empty()) {
    IPR_ASSIGN(const bool taken, take_evaluation(config_.start_from, {panel.splits.begin(), panel.splits.end()},
                                                 panel.tasks.size(), stage.name, *store_));
    if (taken) return recorded_outcomes(policy, panel);
  }
  IPR_TRY(interrupted());
  stage.items = panel.tasks.size();
  IPR_ASSIGN(stage.recorded, recorded_items(*store_, stage.name));
  stage.unit_seconds = config_.unit_seconds;
  const std::string what = "evaluate " + policy.name + " on " + panel.role;
  goes_on(policy.iteration,
          what + ", " + std::to_string(stage.recorded) + " of " + std::to_string(stage.items) + " goals done");
  progress_.begin(what, "goals", panel.tasks.size());
  std::vector<rollout::PlayRequest> requests;
  for (std::size_t i = stage.recorded; i < panel.tasks.size(); ++i) {
    rollout::PlayRequest request;
    request.task = &panel.tasks[i];
    request.split = panel.splits[i];
    request.sampling = {0, 1, config_.max_new_tokens};
    request.seed = mix(config_.seed, fnv1a64(panel.tasks[i].id));
    requests.push_back(std::move(request));
  }
  ChunkWriter writer(*store_, *policy.generator, stage, [&](const rollout::Trajectory& trajectory) -> Status {
    outcomes[trajectory.task->id] = trajectory.outcome;
    return store_->add_episode(to_episode(trajectory, store::kEval, policy.iteration, 0, policy.name)).status();
  });
  const std::unique_ptr<rollout::Player> player = player_for(policy);
  const Status played = player->play_each(
      requests, [&](rollout::Trajectory one) { return writer.take(std::move(one)); },
      [&](std::size_t ready, std::size_t) { progress_.update(stage.recorded + ready); });
  if (played.ok() || played.code() == Code::kInterrupted) IPR_TRY(writer.close());
  IPR_TRY(interrupted());  // says how to go on
  IPR_TRY(played);
  char line[80];
  std::snprintf(line, sizeof line, "mean reward %.3f over %zu goals", mean_outcome(outcomes), outcomes.size());
  progress_.finish(line);
  return outcomes;
}

}  // namespace ipr::loop
