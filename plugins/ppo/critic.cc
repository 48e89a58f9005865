#include "critic.h"

#include <map>
#include <string>
#include <utility>

namespace ppo_optimizer {
namespace {

using ipr::sdk::Attempt;
using ipr::sdk::TurnValues;

// The attempts of a group that read an observation, each once.
using Visitors = std::map<std::string, std::vector<const Attempt*>>;

Visitors visitors_of(const std::vector<const Attempt*>& group) {
  Visitors visitors;
  for (const Attempt* attempt : group) {
    for (const std::string& observation : attempt->seen) {
      std::vector<const Attempt*>& there = visitors[observation];
      if (there.empty() || there.back() != attempt) there.push_back(attempt);
    }
  }
  return visitors;
}

double mean_of_others(const std::vector<const Attempt*>& visitors, const Attempt& self) {
  double sum = 0;
  for (const Attempt* visitor : visitors) {
    if (visitor != &self) sum += visitor->outcome;
  }
  return sum / static_cast<double>(visitors.size() - 1);
}

TurnValues errors_of(const Attempt& attempt, const Visitors& visitors, ErrorSet& set) {
  TurnValues errors{attempt.id, {}};
  double value = 0;
  for (std::size_t turn = 0; turn < attempt.turn_count(); ++turn) {
    const std::vector<const Attempt*>& there = visitors.at(attempt.seen[turn]);
    const double before = value;
    if (there.size() > 1) {
      value = mean_of_others(there, attempt);
      ++set.valued_turns;
    }
    if (turn > 0) errors.turns.push_back(value - before);
  }
  errors.turns.push_back(attempt.outcome - value);
  set.turns += attempt.turn_count();
  return errors;
}

}  // namespace

ErrorSet turn_errors(const std::vector<Attempt>& attempts) {
  ErrorSet set;
  for (const auto& [task, group] : ipr::sdk::by_task(attempts)) {
    if (group.size() < 2) {
      ++set.alone;
      continue;
    }
    const Visitors visitors = visitors_of(group);
    for (const Attempt* attempt : group) {
      TurnValues errors = errors_of(*attempt, visitors, set);
      if (ipr::sdk::is_flat(errors)) {
        ++set.flat;
      } else {
        set.attempts.push_back(std::move(errors));
      }
    }
  }
  return set;
}

}  // namespace ppo_optimizer
