// A record of one task with everything that `export` reads.
#pragma once

#include "tests/report/record.h"

namespace ipr::test {

inline store::Turn said(const std::string& message, const std::string& observation) {
  store::Turn turn;
  turn.message = message;
  turn.action = "do " + message;
  turn.observation = observation;
  return turn;
}

inline std::int64_t add(store::RunStore& record, const store::Episode& episode) {
  const auto id = record.add_episode(episode);
  must(id.status());
  return *id;
}

// Three experts (one kept), an explored and an evaluated trajectory of the agent, a rollout, an outcome and a step
// pair, two scores.
inline void fill_for_export(store::RunStore& record) {
  must(record.set_state("prompt", R"([{"role":"user","content":"Do the task.","example":false},
                                      {"role":"assistant","content":"OK","example":false},
                                      {"role":"user","content":"an example","example":true}])"));
  must(record.set_state("expert_min_outcome", "0.5"));
  store::Episode expert;
  expert.stage = store::kExpert;
  expert.policy = "expert";
  expert.split = "train";
  expert.task_id = "task-a";
  expert.first_observation = "task a";
  expert.outcome = 1;
  expert.terminated = true;
  expert.turns = {said("one", "seen one"), said("two", "seen two")};
  const std::int64_t kept = add(record, expert);
  store::Episode poor = expert;
  poor.task_id = "task-b";
  poor.outcome = 0.5;
  add(record, poor);
  store::Episode unfinished = expert;
  unfinished.task_id = "task-c";
  unfinished.terminated = false;
  add(record, unfinished);
  store::Episode agent = expert;
  agent.stage = store::kExplore;
  agent.policy = "sft";
  agent.iteration = 1;
  agent.outcome = 0.25;
  agent.parent_id = kept;
  agent.turns[1] = said("wrong", "oh");
  const std::int64_t explored = add(record, agent);
  store::Episode rollout = agent;
  rollout.stage = store::kMonteCarlo;
  rollout.first_turn = rollout.prefix_turns = 1;
  rollout.turns.erase(rollout.turns.begin());
  add(record, rollout);
  store::Episode evaluated = agent;
  evaluated.stage = store::kEval;
  evaluated.split = "test";
  evaluated.parent_id = 0;
  add(record, evaluated);
  store::Pair outcome;
  outcome.kind = "outcome";
  outcome.task_id = "task-a";
  outcome.winner_id = kept;
  outcome.loser_id = explored;
  outcome.winner_end = outcome.loser_end = 2;
  outcome.outcome_gap = 0.75;
  store::Pair step = outcome;
  step.kind = "step";
  step.turn = 1;
  step.step_gap = 0.5;
  must(record.replace_pairs(1, {outcome, step}));
  must(record.put_score({kept, 1, "mc", "h", 0.9, 0, 0}));
  must(record.put_score({explored, 1, "mc", "h", 0.4, 0.3, 5, 0.1, 0.7}));
}

}  // namespace ipr::test
