// The prepared statements of a RunStore: all SQL that is run often, in one place. For the sources of this folder only.
#pragma once

#include "core/store/database.h"
#include "core/store/run_store.h"

namespace ipr::store {

// Columns in the order that episode rows are read in (run_store_read.cc).
inline constexpr const char* kEpisodeColumns =
    "id, stage, iteration, plan, policy, split, task_id, sample, seed, parent_id, prefix_turns, first_turn, "
    "first_observation, outcome, terminated, truncated, success, exit_status, attempts, seconds, extra";

struct RunStore::Statements {
  Statement add_episode, add_turn, next_id;
  Statement put_task, put_policy, put_score, put_metric, clear_pairs, add_pair, add_cost, set_state, mark_done;
  Statement turns, scores, score, state, done;

  [[nodiscard]] Status prepare(Database& database);
};

}  // namespace ipr::store
