// The result table: one row per evaluated policy, with interval, paired difference against a named baseline, and cost.
//
// The unit is the task: repeats of one task are averaged first. Where tasks carry cluster keys, errors are clustered by
// them. The difference is paired by task over the tasks both policies were evaluated on; comparison.h says which test
// gives p and what its correction covers. Everything here is a function of the records: no clock, no locale, the same
// bytes each time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/report/comparison.h"
#include "core/store/run_store.h"

namespace ipr::report {

// One line of the table; the fields are the keys of the JSON (docs/json.md).
struct Row {
  std::string run;
  std::string env;
  std::string policy;
  std::int32_t iteration = 0;
  bool chosen = false;  // the iteration chosen on dev
  std::string split;
  std::string panel;          // hash of the panel: rows are comparable where it is equal
  std::int64_t n = 0;         // tasks
  std::int64_t clusters = 0;  // independent units among them; n where nothing is clustered
  double mean = 0;            // outcome reward
  std::optional<Interval> ci95;
  std::string baseline;  // the policy compared with; empty on the baseline's own row
  std::optional<double> diff;
  std::optional<Interval> diff_ci95;
  std::optional<double> p;                 // two-sided, by `test`
  std::string test;                        // how comparison.h names it; empty without p
  std::optional<double> p_adjusted;        // Holm, over the `compared` rows of this run and split
  std::int64_t compared = 0;               // how many rows that were
  std::optional<double> mde;               // difference found with 80 % chance at 5 %
  std::map<std::string, double> extra;     // means per episode of what the environment adds
  bool rolled_back = false;                // not in the JSON; marked in the text
  std::int64_t infrastructure_errors = 0;  // episodes among them that no retry could finish (they count as 0)
  std::int64_t overlap = 0;                // tasks that training had too (--allow-overlap); 0: none
};

// What a row's difference shows: kBetter and kWorse need both an interval that excludes 0 and a corrected p below 0.05.
enum class Finding { kBetter, kWorse, kNotShown, kTooFew };
[[nodiscard]] Finding finding(const Row& row);

struct TotalCost {
  std::int64_t rollouts = 0;
  std::int64_t tokens_asked = 0;     // prompt tokens as if every request were computed alone
  std::int64_t tokens_computed = 0;  // prompt tokens computed in rows that carry one
  std::int64_t tokens_padding = 0;   // rows that carry none
  double seconds = 0;
};

// A result that others have printed, with other models, data and machines: to be looked at, never compared.
struct QuotedRow {
  std::string label, env, split;  // split empty: the environment's test split, whichever
  double mean = 0;
};

struct Leaderboard {
  std::vector<Row> rows;          // by run in the order given, split, iteration, policy
  TotalCost cost;                 // of the Monte Carlo stages of all runs
  std::vector<QuotedRow> quoted;  // below the rows, marked `paper`
};

// Where the tasks of two roles overlap, as run.db keeps it in the state `overlap`: a JSON array of these.
struct OverlapNote {
  std::string first, second;                   // "train" and "test", …
  std::map<std::string, std::int64_t> splits;  // tasks of each split of `second` that `first` has too
};
[[nodiscard]] Json to_json(const std::vector<OverlapNote>& overlaps);
[[nodiscard]] Result<std::vector<OverlapNote>> overlaps_from_json(const Json& json, const std::string& what);

// A record and what it does not say about itself.
struct RunSource {
  std::string run;  // its name in the table
  std::string env;
  std::string panel;
  store::RunStore* record = nullptr;  // must exist during the call
  std::string experiment = {};        // what a study calls it, whatever its seed; empty outside of one
};

struct LeaderboardOptions {
  std::vector<std::string> splits;  // which to show, e.g. those of role test; empty: all that were evaluated
  std::string baseline = "sft";     // policy name; without such an evaluation there are no differences
  // The run (RunSource::run) that has the baseline; empty: each run its own. Rows of another panel get no difference.
  std::string baseline_run;
};

// Code::kData if an `extra` is not a JSON object or the state of the run cannot be read.
[[nodiscard]] Result<Leaderboard> make_leaderboard(const std::vector<RunSource>& runs,
                                                   const LeaderboardOptions& options = {});

// The document of docs/json.md; absent numbers are null.
[[nodiscard]] Json to_json(const Leaderboard& table);

struct TextStyle {
  bool color = false;  // the caller knows about NO_COLOR and terminals
  bool cost = true;    // the cost line below the table
};
// Aligned columns for a terminal, one line per row, then the notes of columns.h and the cost.
[[nodiscard]] std::string to_text(const Leaderboard& table, const TextStyle& style = {});

// "Monte Carlo cost: 1,600 rollouts; prompt tokens …", without a line feed.
[[nodiscard]] std::string cost_line(const TotalCost& cost);

// What was found for the chosen policy against its start, in one sentence, whatever the sign and never why:
// "IPR is better than its SFT start by +0.053 (95 % interval +0.031 to +0.075, p 0.004 corrected for 3 rows, 500 test
// tasks)." · "IPR: no difference to its SFT start shown: +0.004 (…)." · "IPR is worse than its SFT start by 0.021 (…)."
// Better and worse are those of finding(). `method` is how the optimizer is called. One sentence per run and split,
// joined by line feeds.
[[nodiscard]] std::string verdict(const Leaderboard& table, const std::string& method = "IPR");

}  // namespace ipr::report
