// Agents that need no model: the expert, and the trivial ones that a learned policy must beat.
#pragma once

#include <optional>
#include <string>

#include "core/rollout/trajectory.h"

namespace ipr::loop {

// expert: the environment's own; random: a plausible random action (listed or sampled); first: the first listed action;
// noop: the empty action.
enum class Agent { kExpert, kRandom, kFirst, kNoop };
[[nodiscard]] std::optional<Agent> agent_from_name(const std::string& name);

// Plays one episode. Code::kUsage where the environment does not offer what the agent needs.
[[nodiscard]] Result<rollout::Trajectory> play_agent(const env::Environment& environment, const env::Task& task,
                                                     Agent agent, std::uint64_t env_seed, std::uint64_t seed,
                                                     int max_steps);

}  // namespace ipr::loop
