// Playing what an optimizer asked for.
#include "core/base/rng.h"
#include "core/loop/run_state.h"
#include "core/loop/train_splits.h"

namespace ipr::loop {

const rollout::Trajectory* Run::put_into_book(rollout::Trajectory trajectory) {
  auto& slot = book_[trajectory.id];
  slot = std::make_unique<rollout::Trajectory>(std::move(trajectory));
  return slot.get();
}

Result<const rollout::Trajectory*> Run::keep(rollout::Trajectory trajectory, const std::string& stage, int iteration,
                                             std::size_t plan, const std::string& policy) {
  IPR_ASSIGN(const std::int64_t id,
             store_->add_episode(to_episode(trajectory, stage, iteration, static_cast<std::int32_t>(plan), policy)));
  trajectory.id = static_cast<std::uint64_t>(id);
  return put_into_book(std::move(trajectory));
}

// A plan's limit is of each environment, so that none of several waits for its turn.
std::vector<const rollout::Trajectory*> Run::part_of_experts(const CollectPlan& plan) const {
  std::vector<const rollout::Trajectory*> part;
  for (const env::Environment* environment : config_.environment->members()) {
    std::vector<const rollout::Trajectory*> its;
    for (const rollout::Trajectory* expert : experts_) {
      const bool in_split = plan.split.empty() || is_split(*environment, expert->split, plan.split);
      if (in_split && &config_.environment->home(expert->task->id) == environment) its.push_back(expert);
    }
    const bool all = plan.task_limit == 0 || plan.task_limit >= its.size();
    for (std::uint64_t i = 0; i < (all ? its.size() : plan.task_limit); ++i)
      part.push_back(its[all ? i : (plan.task_offset + i) % its.size()]);
  }
  return part;
}

Result<std::vector<const rollout::Trajectory*>> Run::collect(const CollectPlan& plan, std::size_t plan_index,
                                                             int iteration) {
  const std::vector<const rollout::Trajectory*> experts = part_of_experts(plan);
  if (plan.source == IPR_COLLECT_EXPERT) return experts;
  IPR_ASSIGN(const bool done, store_->stage_done(stage_name(iteration, "explore-" + std::to_string(plan_index))));
  if (!done) IPR_TRY(explore(plan, plan_index, iteration, experts));
  return explored_[{iteration, plan_index}];
}

// The rollouts of a plan that is not the greedy one of explore_each.
std::vector<rollout::PlayRequest> Run::requests_of(const CollectPlan& plan, int iteration,
                                                   const std::vector<const rollout::Trajectory*>& experts) const {
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
  return requests;
}

Status Run::explore(const CollectPlan& plan, std::size_t plan_index, int iteration,
                    const std::vector<const rollout::Trajectory*>& experts) {
  const bool along = plan.source == IPR_COLLECT_PREFIX && plan.samples == 1 && plan.sampling.temperature == 0;
  const std::vector<rollout::PlayRequest> requests =
      along ? std::vector<rollout::PlayRequest>() : requests_of(plan, iteration, experts);
  Policy& policy = plan.policy == IPR_POLICY_BASE || !previous_ ? *base_ : *previous_;
  std::vector<const rollout::Trajectory*>& kept = explored_[{iteration, plan_index}];
  ChunkWriter::Stage stage{stage_name(iteration, "explore-" + std::to_string(plan_index)), iteration, store::kExplore};
  stage.items = along ? experts.size() : requests.size();
  IPR_ASSIGN(stage.recorded, recorded_items(*store_, stage.name));
  stage.unit_seconds = config_.unit_seconds;
  const auto first = static_cast<std::ptrdiff_t>(std::min(stage.recorded, stage.items));
  goes_on(iteration, "explore, " + std::to_string(first) + " of " + std::to_string(stage.items) + " done");
  progress_.begin("iteration " + std::to_string(iteration) + ": explore", along ? "tasks" : "rollouts", stage.items);
  const auto report = [&](std::size_t done, std::size_t) { progress_.update(static_cast<std::size_t>(first) + done); };

  ChunkWriter writer(*store_, *policy.generator, stage, [&](rollout::Trajectory trajectory) -> Status {
    IPR_ASSIGN(const rollout::Trajectory* const recorded,
               keep(std::move(trajectory), store::kExplore, iteration, plan_index, policy.name));
    kept.push_back(recorded);
    return {};
  });
  const std::unique_ptr<rollout::Player> player = player_for(policy);
  Status played;
  if (along) {
    const std::vector<const rollout::Trajectory*> rest(experts.begin() + first, experts.end());
    played = player->explore_each(
        rest, plan.sampling, [&](std::vector<rollout::Trajectory> found) { return writer.take(std::move(found)); },
        report);
  } else {
    const std::vector<rollout::PlayRequest> rest(requests.begin() + first, requests.end());
    played = player->play_each(
        rest, [&](rollout::Trajectory one) { return writer.take(std::move(one)); }, report);
  }
  if (played.ok() || played.code() == Code::kInterrupted) IPR_TRY(writer.close());
  IPR_TRY(interrupted());  // says how to go on
  IPR_TRY(played);
  progress_.finish(std::to_string(kept.size()) + " trajectories");
  return {};
}

}  // namespace ipr::loop
