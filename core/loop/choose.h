// Which iteration to keep: by the dev split, never by the test split.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace ipr::loop {

// Mean outcome per task id of one policy on one split.
using TaskOutcomes = std::map<std::string, double>;

// Cluster key per task id; an absent or empty key is a cluster of its own.
using TaskClusters = std::map<std::string, std::string>;

[[nodiscard]] double mean_outcome(const TaskOutcomes& outcomes);

// True if `now` is worse than `before` by more than its interval: the whole 95 % interval of the paired difference,
// with the clustered error of the tables, lies below 0. Then the iteration is rolled back.
[[nodiscard]] bool fell_beyond_interval(const TaskOutcomes& before, const TaskOutcomes& now,
                                        const TaskClusters& clusters);

// The iteration with the highest mean outcome, the earliest of equal ones; nothing where no task was played, as without
// a dev split: then nobody is chosen and tables speak of the last iteration.
[[nodiscard]] std::optional<int> choose_iteration(const std::map<int, TaskOutcomes>& dev);

}  // namespace ipr::loop
