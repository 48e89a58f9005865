// Which iteration to keep: by the dev split, never by the test split.
#pragma once

#include <map>
#include <string>

namespace ipr::loop {

// Mean outcome per task id of one policy on one split.
using TaskOutcomes = std::map<std::string, double>;

[[nodiscard]] double mean_outcome(const TaskOutcomes& outcomes);

// True if `now` is worse than `before` by more than its interval: the whole 95 % interval of the paired difference lies
// below 0. Then the iteration is rolled back.
[[nodiscard]] bool fell_beyond_interval(const TaskOutcomes& before, const TaskOutcomes& now);

}  // namespace ipr::loop
