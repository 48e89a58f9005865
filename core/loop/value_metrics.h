// How well predicted step rewards agree with Monte Carlo's.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/json.h"
#include "core/loop/step_data.h"

namespace ipr::loop {

struct ValueMetrics {
  std::size_t steps = 0;       // that rollouts have valued; true outcomes need no model and do not count
  double mse = 0;              // mean squared error
  double mse_of_constant = 0;  // the same of a model that always says `constant`
  std::size_t pairs = 0;       // of different steps after the same history, with different values
  double ordered = 0;          // share of them that the predictions order as the values do; a tie counts a half
  std::uint64_t rollouts = 0;  // behind the values
};

// `predicted`: one for each of `steps`.
[[nodiscard]] ValueMetrics measure_values(const std::vector<ScoredStep>& steps, const std::vector<double>& predicted,
                                          double constant);

// null in the place of a number that nothing could be counted for.
[[nodiscard]] Json to_json(const ValueMetrics& metrics);

}  // namespace ipr::loop
