// What a state is worth, from the other attempts at the task, and what each turn gained over that.
//
//   V(s)     = mean outcome of the other attempts at the task that read the same observation
//   error(t) = V(s after turn t) - V(s before it);  of the last turn: outcome - V(s before it)
//
// A state that no other attempt came to is worth what the one before it was. Leaving the attempt itself out keeps the
// critic from knowing its actions' luck.
//
// Pure functions over value types: no host, no model. The result depends only on the arguments, not on their order.
#pragma once

#include <cstddef>
#include <vector>

#include "ipr/attempts.hpp"
#include "ipr/turn_rows.hpp"

namespace ppo_optimizer {

struct ErrorSet {
  std::vector<ipr::sdk::TurnValues> attempts;  // ordered by task, then id
  std::size_t alone = 0;                       // left out: the only attempt at its task, so nothing to compare with
  std::size_t flat = 0;                        // left out: every error is 0
  std::size_t turns = 0;                       // of the attempts that are not alone
  std::size_t valued_turns = 0;                // whose state another attempt came to
};

[[nodiscard]] ErrorSet turn_errors(const std::vector<ipr::sdk::Attempt>& attempts);

}  // namespace ppo_optimizer
