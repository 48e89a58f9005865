// The scorer plugin `mc` over rollouts of a policy plugin, asked about candidates.
#pragma once

#include "bench/adaptive/ground.h"

namespace ipr::bench {

// Both steps of one candidate.
struct Scored {
  ipr_score expert{}, agent{};
  [[nodiscard]] double gap() const { return expert.value - agent.value; }
};

struct Scoring {
  std::vector<Scored> of;    // as the candidates
  std::size_t rollouts = 0;  // different ones; what several steps share is played once
  std::size_t turns = 0;     // of the agent in them
};

// `tau`: what the steps of a candidate are to differ by, for an adaptive scorer. `memo` keeps rollouts for the next
// call with the same ground.
[[nodiscard]] Result<Scoring> score(const plugin::Registry& registry, Ground& ground, std::uint64_t seed,
                                    const std::map<std::string, Json>& settings, double tau,
                                    rollout::RolloutMemo& memo);

}  // namespace ipr::bench
