#include "core/loop/record.h"

#include <map>

namespace ipr::loop {

store::Episode to_episode(const rollout::Trajectory& t, const std::string& stage, std::int32_t iteration,
                          std::int32_t plan, const std::string& policy) {
  store::Episode e;
  e.stage = stage;
  e.iteration = iteration;
  e.plan = plan;
  e.policy = policy;
  e.split = t.split;
  e.task_id = t.task->id;
  e.sample = static_cast<std::int64_t>(t.sample);
  e.seed = t.seed;
  e.parent_id = static_cast<std::int64_t>(t.parent_id);
  e.prefix_turns = static_cast<std::int32_t>(t.prefix_turns);
  // A Monte Carlo rollout's first turns stand in its parent's record; they would be most of the file.
  e.first_turn = stage == store::kMonteCarlo ? e.prefix_turns : 0;
  e.first_observation = t.first_message;
  e.outcome = t.outcome;
  e.terminated = t.terminated;
  e.truncated = t.truncated;
  e.success = t.success;
  e.exit_status = env::exit_status_name(t.exit_status);
  e.attempts = t.attempts;
  e.extra_json = t.stats_json;
  for (std::size_t i = static_cast<std::size_t>(e.first_turn); i < t.turns.size(); ++i) {
    const rollout::TrajectoryTurn& turn = t.turns[i];
    store::Turn s;
    s.message = turn.message;
    s.action = turn.action;
    s.observation = turn.observation;
    s.reward = turn.reward;
    s.progress = turn.progress;
    s.valid = turn.parsed && (turn.flags & IPR_STEP_INVALID) == 0;
    s.flags = turn.flags;
    s.token_ids = turn.reply_ids;
    s.prompt_tokens = turn.prompt_tokens;
    s.info_json = turn.info_json;
    e.turns.push_back(std::move(s));
  }
  return e;
}

rollout::Trajectory to_trajectory(const store::Episode& e, const env::Task* task) {
  rollout::Trajectory t;
  t.id = static_cast<std::uint64_t>(e.id);
  t.parent_id = static_cast<std::uint64_t>(e.parent_id);
  t.task = task;
  t.split = e.split;
  t.first_message = e.first_observation;
  t.prefix_turns = static_cast<std::size_t>(e.prefix_turns);
  t.outcome = e.outcome;
  t.expert = e.stage == store::kExpert;
  t.terminated = e.terminated;
  t.truncated = e.truncated;
  t.success = e.success;
  const Result<env::ExitStatus> exit = env::exit_status_from_name(e.exit_status);
  t.exit_status = exit.ok() ? *exit : env::ExitStatus::kEnvError;
  t.stats_json = e.extra_json;
  t.sample = static_cast<std::uint64_t>(e.sample);
  t.seed = e.seed;
  t.attempts = e.attempts;
  for (const store::Turn& s : e.turns) {
    rollout::TrajectoryTurn turn;
    turn.message = s.message;
    turn.action = s.action;
    turn.observation = s.observation;
    turn.info_json = s.info_json;
    turn.reward = s.reward;
    turn.progress = s.progress;
    turn.parsed = !s.action.empty() || s.valid;
    turn.flags = s.flags;
    turn.reply_ids = s.token_ids;
    turn.prompt_tokens = s.prompt_tokens;
    t.turns.push_back(std::move(turn));
  }
  return t;
}

std::vector<store::Pair> pairs_of(const std::vector<Example>& examples, const rollout::TrajectoryBook& book,
                                  std::int32_t iteration) {
  struct Sides {
    const Example* win = nullptr;
    const Example* lose = nullptr;
  };
  std::map<std::uint64_t, Sides> groups;
  for (const Example& example : examples) {
    if (example.role == IPR_ROLE_CHOSEN) groups[example.group].win = &example;
    if (example.role == IPR_ROLE_REJECTED) groups[example.group].lose = &example;
  }
  std::vector<store::Pair> pairs;
  for (const auto& [group, sides] : groups) {
    if (sides.win == nullptr || sides.lose == nullptr) continue;
    const rollout::Trajectory& winner = *book.at(sides.win->trajectory_id);
    const rollout::Trajectory& loser = *book.at(sides.lose->trajectory_id);
    store::Pair pair;
    pair.iteration = iteration;
    pair.kind = sides.win->tag == 0 ? "outcome" : "step";
    pair.task_id = winner.task->id;
    pair.turn = static_cast<std::int32_t>(sides.win->first_turn);
    pair.winner_id = static_cast<std::int64_t>(winner.id);
    pair.loser_id = static_cast<std::int64_t>(loser.id);
    pair.winner_end = static_cast<std::int32_t>(sides.win->last_turn);
    pair.loser_end = static_cast<std::int32_t>(sides.lose->last_turn);
    pair.outcome_gap = winner.outcome - loser.outcome;
    pair.expert_won = winner.expert;
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace ipr::loop
