// Greedy play of a panel: the numbers of the table.
#include "core/base/rng.h"
#include "core/loop/run_state.h"

namespace ipr::loop {

Result<TaskOutcomes> Run::evaluate(Policy& policy, const Panel& panel) {
  TaskOutcomes outcomes;
  if (panel.tasks.empty()) return outcomes;
  progress_.begin("evaluate " + policy.name + " on " + panel.role, "goals", panel.tasks.size());
  std::vector<rollout::PlayRequest> requests;
  for (std::size_t i = 0; i < panel.tasks.size(); ++i) {
    rollout::PlayRequest request;
    request.task = &panel.tasks[i];
    request.split = panel.splits[i];
    request.sampling = {0, 1, config_.max_new_tokens};
    request.seed = mix(config_.seed, fnv1a64(panel.tasks[i].id));
    requests.push_back(std::move(request));
  }
  const std::unique_ptr<rollout::Player> player = player_for(policy);
  const rollout::GeneratorCounters before = policy.generator->counters();
  const auto began = std::chrono::steady_clock::now();
  IPR_ASSIGN(const std::vector<rollout::Trajectory> played,
             player->play_all(requests, [&](std::size_t done, std::size_t) { progress_.update(done); }));
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (const rollout::Trajectory& trajectory : played) {
    outcomes[trajectory.task->id] = trajectory.outcome;
    IPR_ASSIGN([[maybe_unused]] const std::int64_t id,
               store_->add_episode(to_episode(trajectory, store::kEval, policy.iteration, 0, policy.name)));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  IPR_TRY(add_cost(policy.iteration, store::kEval, before, policy.generator->counters(), played.size(), seconds));
  IPR_TRY(unit.commit());
  char line[80];
  std::snprintf(line, sizeof line, "mean reward %.3f over %zu goals", mean_outcome(outcomes), outcomes.size());
  progress_.finish(line);
  return outcomes;
}

}  // namespace ipr::loop
