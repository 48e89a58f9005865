#include "gains.h"

#include <utility>

namespace step_ppo_optimizer {

using ipr::sdk::Attempt;
using ipr::sdk::TurnValues;

std::vector<Step> wanted_steps(const std::vector<Attempt>& attempts) {
  std::vector<Step> steps;
  for (const auto& [task, group] : ipr::sdk::by_task(attempts)) {
    if (group.size() < 2) continue;
    for (const Attempt* attempt : group) {
      for (std::size_t turn = 0; turn < attempt->turn_count(); ++turn) steps.push_back({attempt->id, turn});
    }
  }
  return steps;
}

GainSet step_gains(const std::vector<Attempt>& attempts, const std::vector<double>& rewards) {
  GainSet set;
  std::size_t next = 0;  // in the order of wanted_steps
  for (const auto& [task, group] : ipr::sdk::by_task(attempts)) {
    if (group.size() < 2) {
      ++set.alone;
      continue;
    }
    std::vector<std::size_t> first;  // the place of each attempt's first reward
    double sum = 0;
    for (const Attempt* attempt : group) {
      first.push_back(next);
      sum += rewards.at(next);
      next += attempt->turn_count();
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto reward = [&](std::size_t turn) { return rewards.at(first[i] + turn); };
      TurnValues gains{group[i]->id, {reward(0) - (sum - reward(0)) / static_cast<double>(group.size() - 1)}};
      for (std::size_t turn = 1; turn < group[i]->turn_count(); ++turn) {
        gains.turns.push_back(reward(turn) - reward(turn - 1));
      }
      if (ipr::sdk::is_flat(gains)) {
        ++set.flat;
      } else {
        set.attempts.push_back(std::move(gains));
      }
    }
  }
  return set;
}

}  // namespace step_ppo_optimizer
