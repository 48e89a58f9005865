// What the analyses share: values by task, tasks by id, numbers as JSON and as cells. For analyze_*.cc and
// study_read.cc.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/report/columns.h"
#include "core/report/format.h"
#include "core/report/statistics.h"
#include "core/report/svg.h"
#include "core/store/run_store.h"

namespace ipr::report {

inline constexpr int kPlotWidth = 640, kPlotHeight = 380;  // of a plot in a file of its own

using Tasks = std::map<std::string, store::Task>;  // by id
[[nodiscard]] Result<Tasks> tasks_of(store::RunStore& record, const std::string& split);
// The task's cluster key; empty, as for a task that the record does not list: a cluster of its own.
[[nodiscard]] std::string cluster_of(const Tasks& tasks, const std::string& id);

// The model that the run began with, as it was named: `mini`, a folder; empty where the record does not say.
[[nodiscard]] Result<std::string> model_of(store::RunStore& record);

// An evaluated policy; the order of the rows.
struct PolicyKey {
  std::string split;
  std::int32_t iteration = 0;
  std::string policy;
  auto operator<=>(const PolicyKey&) const = default;
};

// Calls `visit` for the evaluated episodes on the splits (all where there are none).
[[nodiscard]] Status for_each_evaluated(store::RunStore& record, const std::vector<std::string>& splits,
                                        store::Turns turns,
                                        const std::function<Status(const PolicyKey&, const store::Episode&)>& visit);
// The error where no episode was evaluated on the splits.
[[nodiscard]] Status nothing_evaluated(const std::vector<std::string>& splits);
// No retry could finish it: nobody's doing.
[[nodiscard]] bool is_infrastructure_failure(const store::Episode& episode);

// A number per episode, by task.
class TaskValues {
 public:
  void add(const std::string& task, double value);
  // Of the tasks' means.
  [[nodiscard]] Estimate mean(const Tasks& tasks) const;
  // The same for outcomes: Wilson's interval where they are 0 or 1.
  [[nodiscard]] Estimate mean_outcome(const Tasks& tasks) const;

 private:
  std::map<std::string, std::pair<double, std::int64_t>> sums_;  // by task: sum, count
};

[[nodiscard]] Json or_null(const std::optional<Interval>& interval);
// {"n", "mean", "ci95"}; mean null of nothing.
[[nodiscard]] Json to_json(const Estimate& estimate);
// The mean; empty of nothing.
[[nodiscard]] std::string mean_cell(const Estimate& estimate, int digits);

// "iter-1", "test iter-1", "run-a iter-1": as short as it may be where runs and splits are several.
class RowNames {
 public:
  RowNames(bool several_runs, bool several_splits) : runs_(several_runs), splits_(several_splits) {}
  [[nodiscard]] std::string of(const std::string& run, const PolicyKey& key) const;

 private:
  bool runs_, splits_;
};

// Leaves out the first column (the run) where all its cells are the same.
void drop_run_if_one(std::vector<Column>& columns);

// Wide enough for labels as long as these.
[[nodiscard]] int plot_width(const std::vector<std::string>& labels);

}  // namespace ipr::report
