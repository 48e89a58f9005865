// Playing what an optimizer asked for.
#include "core/base/rng.h"
#include "core/loop/run_state.h"

namespace ipr::loop {

Result<const rollout::Trajectory*> Run::keep(rollout::Trajectory trajectory, const std::string& stage, int iteration,
                                             std::size_t plan, const std::string& policy) {
  IPR_ASSIGN(const std::int64_t id,
             store_->add_episode(to_episode(trajectory, stage, iteration, static_cast<std::int32_t>(plan), policy)));
  trajectory.id = static_cast<std::uint64_t>(id);
  auto& slot = book_[trajectory.id];
  slot = std::make_unique<rollout::Trajectory>(std::move(trajectory));
  return slot.get();
}

std::vector<const rollout::Trajectory*> Run::part_of_experts(const CollectPlan& plan) const {
  if (plan.task_limit == 0 || plan.task_limit >= experts_.size()) return experts_;
  std::vector<const rollout::Trajectory*> part;
  for (std::uint64_t i = 0; i < plan.task_limit; ++i)
    part.push_back(experts_[(plan.task_offset + i) % experts_.size()]);
  return part;
}

Result<std::vector<const rollout::Trajectory*>> Run::collect(const CollectPlan& plan, std::size_t plan_index,
                                                             int iteration) {
  const std::vector<const rollout::Trajectory*> experts = part_of_experts(plan);
  if (plan.source == IPR_COLLECT_EXPERT) return experts;
  Policy& policy = plan.policy == IPR_POLICY_BASE || !previous_ ? *base_ : *previous_;
  const std::unique_ptr<rollout::Player> player = player_for(policy);
  const rollout::GeneratorCounters before = policy.generator->counters();
  const auto began = std::chrono::steady_clock::now();
  progress_.begin("iteration " + std::to_string(iteration) + ": explore", "tasks", 0);
  std::vector<rollout::Trajectory> played;
  const auto report = [&](std::size_t done, std::size_t total) {
    progress_.update(done, "of " + std::to_string(total));
  };
  if (plan.source == IPR_COLLECT_PREFIX && plan.samples == 1 && plan.sampling.temperature == 0) {
    IPR_ASSIGN(auto by_expert, player->explore_all(experts, plan.sampling, report));
    for (auto& trajectories : by_expert) {
      for (rollout::Trajectory& trajectory : trajectories) played.push_back(std::move(trajectory));
    }
  } else {
    std::vector<rollout::PlayRequest> requests;
    for (const rollout::Trajectory* expert : experts) {
      const std::size_t starts = plan.source == IPR_COLLECT_PREFIX ? expert->turns.size() : 1;
      for (std::size_t keep_turns = 0; keep_turns < starts; ++keep_turns) {
        for (std::uint64_t sample = 0; sample < plan.samples; ++sample) {
          rollout::PlayRequest request;
          request.task = expert->task;
          request.split = expert->split;
          request.from = expert;
          request.keep = keep_turns;
          request.sampling = plan.sampling;
          request.sample = sample;
          request.seed =
              mix(config_.seed, static_cast<std::uint64_t>(iteration), fnv1a64(expert->task->id), keep_turns, sample);
          requests.push_back(std::move(request));
        }
      }
    }
    IPR_ASSIGN(played, player->play_all(requests, report));
  }
  IPR_ASSIGN(store::Unit unit, store_->begin());
  std::vector<const rollout::Trajectory*> kept;
  for (rollout::Trajectory& trajectory : played) {
    IPR_ASSIGN(const rollout::Trajectory* const recorded,
               keep(std::move(trajectory), store::kExplore, iteration, plan_index, policy.name));
    kept.push_back(recorded);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  IPR_TRY(add_cost(iteration, store::kExplore, before, policy.generator->counters(), kept.size(), seconds));
  IPR_TRY(unit.commit());
  progress_.finish(std::to_string(kept.size()) + " trajectories");
  return kept;
}

}  // namespace ipr::loop
