#include "core/loop/value_metrics.h"

#include <iterator>
#include <map>

namespace ipr::loop {
namespace {

double squared(double x) {
  return x * x;
}

// 1 where the predictions agree with the values on who is better, 0 where not, a half for a tie.
double agreement(double value_gap, double predicted_gap) {
  if (predicted_gap == 0) return 0.5;
  return (value_gap > 0) == (predicted_gap > 0) ? 1 : 0;
}

}  // namespace

ValueMetrics measure_values(const std::vector<ScoredStep>& steps, const std::vector<double>& predicted,
                            double constant) {
  ValueMetrics metrics;
  std::map<std::uint64_t, std::map<std::uint64_t, std::size_t>> rivals;  // history -> message -> the first such step
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].samples == 0) continue;
    ++metrics.steps;
    metrics.rollouts += steps[i].samples;
    metrics.mse += squared(predicted[i] - steps[i].value);
    metrics.mse_of_constant += squared(constant - steps[i].value);
    rivals[steps[i].history].emplace(steps[i].message, i);
  }
  if (metrics.steps > 0) {
    metrics.mse /= static_cast<double>(metrics.steps);
    metrics.mse_of_constant /= static_cast<double>(metrics.steps);
  }
  for (const auto& [history, members] : rivals) {
    for (auto a = members.begin(); a != members.end(); ++a) {
      for (auto b = std::next(a); b != members.end(); ++b) {
        const double gap = steps[a->second].value - steps[b->second].value;
        if (gap == 0) continue;
        ++metrics.pairs;
        metrics.ordered += agreement(gap, predicted[a->second] - predicted[b->second]);
      }
    }
  }
  if (metrics.pairs > 0) metrics.ordered /= static_cast<double>(metrics.pairs);
  return metrics;
}

Json to_json(const ValueMetrics& metrics) {
  const auto number = [](bool there, double value) { return there ? Json(value) : Json(); };
  return {{"steps", metrics.steps},
          {"mse", number(metrics.steps > 0, metrics.mse)},
          {"mse_of_constant", number(metrics.steps > 0, metrics.mse_of_constant)},
          {"pairs", metrics.pairs},
          {"pair_order", number(metrics.pairs > 0, metrics.ordered)},
          {"rollouts", metrics.rollouts}};
}

}  // namespace ipr::loop
