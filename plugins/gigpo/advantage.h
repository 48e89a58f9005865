// Advantages from groups of attempts at one task (ipr-pipeline.md section 13): of the whole episode among the attempts,
// and of each step among the visits to one state.
//
//   A = A_E + w A_S      A_E = R - mean of the group's R
//                        A_S = G - mean of G over the group's turns that read the same observation
//   G = gamma^(turns left after this one) R                 the outcome is paid at the last turn
//
// Pure functions over value types: no host, no model. The result depends only on the arguments, not on their order.
#pragma once

#include <cstddef>
#include <vector>

#include "ipr/attempts.hpp"
#include "ipr/turn_rows.hpp"

namespace gigpo_optimizer {

struct AdvantageRules {
  double gamma = 0.95;
  double step_weight = 1;            // w; 0: GRPO
  bool divide_by_deviation = false;  // both differences by the sample standard deviation of what they are among
};

struct AdvantageSet {
  std::vector<ipr::sdk::TurnValues> attempts;  // ordered by task, then id
  std::size_t flat = 0;                        // attempts left out: every advantage is 0
  std::size_t turns = 0;                       // of all attempts
  std::size_t compared_turns = 0;              // whose observation another turn of the group read, too
};

[[nodiscard]] AdvantageSet advantages(const std::vector<ipr::sdk::Attempt>& attempts, const AdvantageRules& rules);

}  // namespace gigpo_optimizer
