// The paper's analyses: functions of the records of one or more runs, each a table, a plot and JSON rows.
//
// The unit of every interval is the task (or the cluster of tasks that share chance), as in the leaderboard: repeats of
// a task are averaged first. Same records, same bytes.
#pragma once

#include <functional>
#include <optional>
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
  // step-accuracy: the least |gap| of a pair that counts, 0.35 as in the paper's Fig. 3; samples: the run's threshold.
  std::optional<double> tau = {};
  bool by_family = false;                      // efficiency: a row for each family of tasks
  std::vector<std::string> scored_files = {};  // step-accuracy, step-reward: lines of `score`, beside or without runs
};

// Turns until success, invalid and repeated actions of every evaluated policy; on all tasks, or family by family.
//
// A policy's turns to success are those of its successful episodes alone: a policy that solves only easy tasks looks
// quick, so read them beside the share of successes. An action is repeated where the same one was already taken in the
// same situation, that is after the same last answer to a valid action: it cannot show anything new. Episodes that
// ended by an infrastructure failure do not count.
[[nodiscard]] Result<Analysis> analyze_efficiency(const std::vector<RunSource>& runs, const AnalysisOptions& options);

// Mean outcome by the family that the environment gives a task (webshop: category; alfworld: kind of task;
// intercodesql: hardness, or the generator's kind of question).
[[nodiscard]] Result<Analysis> analyze_family(const std::vector<RunSource>& runs, const AnalysisOptions& options);

// Rewards of each experiment, iteration by iteration (the paper's Table 4: ablations as rows). Runs that differ only in
// their seed are one experiment; what it is called: RunSource::experiment, else names_by_settings(). Several seeds: the
// mean of their means, with Student's interval over the seeds; one: the interval over its tasks, which says nothing
// about other seeds. "chosen" is the iteration that each run chose on dev. Code::kUsage where two runs of an experiment
// have one seed.
[[nodiscard]] Result<Analysis> analyze_ablation(const std::vector<RunSource>& runs, const AnalysisOptions& options);

// Rollouts, tokens and seconds by stage, all iterations together.
[[nodiscard]] Result<Analysis> analyze_cost(const std::vector<RunSource>& runs, const AnalysisOptions& options);

// Do step rewards order two actions as `progress` does, the environment's intermediate score (the paper's Fig. 3)? A
// pair is an expert's action and the agent's other action from the same state, both scored by one scorer. It counts
// where the step rewards differ by more than tau. Where progress is equal it has no order to agree with: a tie, not in
// the share. One row per run or file and scorer: those with several N make a curve over N, those that differ in the
// scorer's checkpoint alone a bar each.
[[nodiscard]] Result<Analysis> analyze_step_accuracy(const std::vector<RunSource>& runs,
                                                     const AnalysisOptions& options);

// Mean step reward (the paper's Fig. 4). Of a file: of every action of its trajectories. Of a run: of every policy's
// scored actions, and of the expert's; a run scores only the steps that may make a pair, so those means are of chosen
// steps. Rows are comparable where the scorer's config_hash is equal.
[[nodiscard]] Result<Analysis> analyze_step_reward(const std::vector<RunSource>& runs, const AnalysisOptions& options);

// How many rollouts a step needs. Of the runs with the most rollouts of each step, N of them, the first 1, 2, 3, 5, …
// up to N/2 are taken as if they were all, and judged by the second half, which is other chance: a pair of rival steps
// that they make is right where the judges put the two in the same order. Beside it the final reward of the runs with
// that N, by seed. Recommended is the fewest that are not shown (95 %) to be worse than the most: in right pairs minus
// wrong ones, per candidate, nor in reward. Steps whose value is not the mean of their own rollouts' outcomes have no
// part in it.
[[nodiscard]] Result<Analysis> analyze_samples(const std::vector<RunSource>& runs, const AnalysisOptions& options);

struct AnalysisKind {
  std::string name;
  bool reads_scored_files = false;
  std::function<Result<Analysis>(const std::vector<RunSource>&, const AnalysisOptions&)> analyze;
};
[[nodiscard]] const std::vector<AnalysisKind>& analysis_kinds();

// The table with its notes, for a terminal.
[[nodiscard]] std::string to_text(const Analysis& analysis);

}  // namespace ipr::report
