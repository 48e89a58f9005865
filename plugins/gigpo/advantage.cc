#include "advantage.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

namespace gigpo_optimizer {
namespace {

using ipr::sdk::Attempt;
using ipr::sdk::TurnValues;

constexpr double kSmallest = 1e-6;  // added to a deviation, which may be 0

// Each value less the mean of all; of one value: 0.
std::vector<double> compare(const std::vector<double>& values, bool divide_by_deviation) {
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / count;
  std::vector<double> differences;
  double squares = 0;
  for (const double value : values) {
    differences.push_back(value - mean);
    squares += differences.back() * differences.back();
  }
  if (!divide_by_deviation || values.size() < 2) return differences;
  const double deviation = std::sqrt(squares / (count - 1)) + kSmallest;
  for (double& difference : differences) difference /= deviation;
  return differences;
}

void add_episode_part(const std::vector<const Attempt*>& group, const AdvantageRules& rules,
                      std::vector<TurnValues>& values) {
  std::vector<double> outcomes;
  for (const Attempt* attempt : group) outcomes.push_back(attempt->outcome);
  const std::vector<double> differences = compare(outcomes, rules.divide_by_deviation);
  for (std::size_t i = 0; i < group.size(); ++i) {
    for (double& value : values[i].turns) value += differences[i];
  }
}

// Returns how many turns share their observation with another.
std::size_t add_step_part(const std::vector<const Attempt*>& group, const AdvantageRules& rules,
                          std::vector<TurnValues>& values) {
  struct Visits {
    std::vector<double> returns;
    std::vector<double*> into;
  };
  std::map<std::string, Visits> states;
  for (std::size_t i = 0; i < group.size(); ++i) {
    double future = group[i]->outcome;
    for (std::size_t turn = group[i]->turn_count(); turn-- > 0; future *= rules.gamma) {
      Visits& visits = states[group[i]->seen[turn]];
      visits.returns.push_back(future);
      visits.into.push_back(&values[i].turns[turn]);
    }
  }
  std::size_t compared = 0;
  for (const auto& [observation, visits] : states) {
    const std::vector<double> differences = compare(visits.returns, rules.divide_by_deviation);
    for (std::size_t i = 0; i < differences.size(); ++i) *visits.into[i] += rules.step_weight * differences[i];
    if (differences.size() > 1) compared += differences.size();
  }
  return compared;
}

}  // namespace

AdvantageSet advantages(const std::vector<Attempt>& attempts, const AdvantageRules& rules) {
  AdvantageSet set;
  for (const auto& [task, group] : ipr::sdk::by_task(attempts)) {
    std::vector<TurnValues> values;
    for (const Attempt* attempt : group) {
      values.push_back({attempt->id, std::vector<double>(attempt->turn_count(), 0.0)});
      set.turns += attempt->turn_count();
    }
    add_episode_part(group, rules, values);
    set.compared_turns += add_step_part(group, rules, values);
    for (TurnValues& one : values) {
      if (ipr::sdk::is_flat(one)) {
        ++set.flat;
      } else {
        set.attempts.push_back(std::move(one));
      }
    }
  }
  return set;
}

}  // namespace gigpo_optimizer
