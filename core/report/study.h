// The table of a study: methods as rows, environments as columns, over seeds; and what its comparisons support.
//
// The unit is the seed: a mean over seeds has Student's t interval over the seeds' values, and two methods are compared
// by their differences seed by seed (compare_over_seeds). An interval so says what other seeds of the same study would
// give. Where there is one seed only, the unit is the task, and the interval says nothing about other seeds.
//
// What is corrected. In each column all contrasts but the primary one are one family, and Holm's correction is applied
// to it; the primary contrast, named before anything was run, is a family of its own over the columns. A method is
// called better or worse only where the interval excludes 0 and the corrected p is below 0.05.
//
// Rewards are kept as they are and shown in points (times 100), as the paper shows them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/report/comparison.h"
#include "core/report/study_read.h"

namespace ipr::report {

// A policy on one column (the test split of an environment) in one run.
struct StudyResult {
  std::uint64_t seed = 0;
  TaskOutcomes tasks;
  std::vector<double> iterations;  // mean outcome of each iteration of that run, from 0 (the SFT model)
};

enum class StudyRowKind { kMethod, kAgent, kQuoted };

struct StudyRow {
  std::string name;  // unique among the rows
  StudyRowKind kind = StudyRowKind::kMethod;
  std::map<std::string, std::vector<StudyResult>> results;  // by column; by seed
  std::map<std::string, double> quoted;                     // by column: points of somebody else's study
};

struct StudyContrast {
  std::size_t row = 0, baseline = 0;  // of StudyInput::rows
  bool primary = false;
};

// What the runs of one method in one environment took, all seeds together.
struct StudyCost {
  std::string row, env;
  std::size_t runs = 0;
  RunCost cost;
};

// A point of a grid and its mean reward on dev over the seeds.
struct StudyPoint {
  std::string row, env, point;
  double dev = 0;
  bool chosen = false;
};

struct StudyInput {
  std::string name;
  std::vector<std::string> columns;  // "<environment>", or "<environment>/<split>" where it has several
  std::vector<StudyRow> rows;
  std::vector<StudyContrast> contrasts;
  std::vector<StudyCost> costs;
  std::vector<StudyPoint> points;
  std::vector<std::string> notes;
};

// Of one row in one column, or of its mean over all columns.
struct StudyEntry {
  Estimate estimate;                    // over seeds; of one seed over its tasks
  std::size_t seeds = 0;                // 0: nothing was played
  std::optional<double> sd;             // over seeds
  std::vector<double> by_iteration;     // means over seeds
  std::optional<double> iterations_sd;  // of by_iteration from 1 on: how stable the method is
};

struct StudyComparison {
  std::string row, baseline, column;
  bool primary = false;
  std::size_t seeds = 0;  // that both have
  std::size_t tasks = 0;  // of one seed
  double baseline_mean = 0;
  Comparison found;
  std::optional<double> p_adjusted;
  std::size_t compared = 0;          // size of the family
  std::size_t above = 0, below = 0;  // seeds whose own interval over tasks excludes 0
};

struct StudyTable {
  StudyInput input;
  std::vector<std::map<std::string, StudyEntry>> entries;  // by row, then column
  std::vector<StudyEntry> averages;                        // by row, over the columns
  std::vector<StudyComparison> comparisons;                // the primary ones first, then by contrast and column
};

[[nodiscard]] StudyTable make_study_table(StudyInput input);

// Two methods compared by their differences, one for each seed. Always the paired t-test, "paired t over seeds" (few
// seeds are what there is, and the sign-flip test of 3 cannot fall below 0.25): it leans on the differences being about
// normal. Without any spread the exact sign-flip test says how little they prove.
[[nodiscard]] Comparison compare_over_seeds(const std::vector<double>& differences);

// What the data support and what not, in one sentence or two; never why.
[[nodiscard]] std::string study_sentence(const StudyComparison& comparison);

[[nodiscard]] Json to_json(const StudyTable& table);         // docs/json.md
[[nodiscard]] std::string to_text(const StudyTable& table);  // for a terminal
[[nodiscard]] std::string make_html_study(const StudyTable& table);

}  // namespace ipr::report
