// The paper's analyses: functions of the records of one or more runs, each a table, a plot and JSON rows.
//
// The unit of every interval is the task (or the cluster of tasks that share chance), as in the leaderboard: repeats of
// a task are averaged first. Same records, same bytes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/report/columns.h"
#include "core/report/svg_file.h"

namespace ipr::report {

struct Analysis {
  std::vector<Json> rows;          // docs/json.md; turns count from 0
  std::vector<Column> columns;     // the same for people
  std::vector<std::string> notes;  // what has to be known to read them; one line each
  Plot plot;
};

struct AnalysisOptions {
  std::vector<std::string> splits;  // evaluated splits to show; empty: all
  double tau = 0.35;                // step-accuracy: the least |gap| of a pair that counts (the paper's Fig. 3)
};

// Turns until success, invalid and repeated actions of every evaluated policy.
//
// A policy's turns to success are those of its successful episodes alone: a policy that solves only easy tasks looks
// quick, so read them beside the share of successes. An action is repeated where the same one was already taken in the
// same situation, that is after the same last answer to a valid action: it cannot show anything new. Episodes that
// ended by an infrastructure failure do not count.
[[nodiscard]] Result<Analysis> analyze_efficiency(const std::vector<RunSource>& runs, const AnalysisOptions& options);

// Mean outcome by the family that the environment gives a task (webshop: category; alfworld: kind of task;
// intercodesql: hardness, or the generator's kind of question).
[[nodiscard]] Result<Analysis> analyze_family(const std::vector<RunSource>& runs, const AnalysisOptions& options);

// Rollouts, tokens and seconds by stage, all iterations together.
[[nodiscard]] Result<Analysis> analyze_cost(const std::vector<RunSource>& runs, const AnalysisOptions& options);

// Do step rewards order two actions as `progress` does, the environment's intermediate score (the paper's Fig. 3)? A
// pair is an expert's action and the agent's other action from the same state, both scored by one scorer. It counts
// where the step rewards differ by more than tau. Where progress is equal it has no order to agree with: a tie, not in
// the share. One row per run and scorer, so that runs with several N make the curve over N.
[[nodiscard]] Result<Analysis> analyze_step_accuracy(const std::vector<RunSource>& runs,
                                                     const AnalysisOptions& options);

// Mean step reward of every policy's scored actions, and of the expert's (the paper's Fig. 4, from what a run scores).
// Rows are comparable where the scorer's config_hash is equal. A run scores only the steps that may make a pair, so the
// means are of chosen steps, not of whole trajectories.
[[nodiscard]] Result<Analysis> analyze_step_reward(const std::vector<RunSource>& runs, const AnalysisOptions& options);

struct AnalysisKind {
  std::string name;
  std::function<Result<Analysis>(const std::vector<RunSource>&, const AnalysisOptions&)> analyze;
};
[[nodiscard]] const std::vector<AnalysisKind>& analysis_kinds();

// The table with its notes, for a terminal.
[[nodiscard]] std::string to_text(const Analysis& analysis);

}  // namespace ipr::report
