// Contrastive pairs of whole trajectories (ipr-pipeline.md sections 7 and 12): the expert's against each of the agent's
// on the same task, decided by outcome reward alone.
//
// Pure functions over value types: no host, no model. The result depends only on the arguments, not on their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ipr/paths.hpp"

namespace eto_optimizer {

struct ContrastRules {
  double kappa = 0;                  // by how much the outcomes must differ
  bool symmetric = true;             // the agent may win, too
  bool from_deviation = true;        // both sides from the first turn in which they differ; else whole trajectories
  bool skip_empty_messages = false;  // no pair of trajectories that hold an empty message
  std::int64_t lose_cap = 10;  // a losing agent's side has at most this many messages more than the expert's; -1: any
};

// (expert, rival) is unique: the name of a pair.
struct Contrast {
  std::uint64_t expert = 0;  // trajectory
  std::uint64_t rival = 0;   // the agent's trajectory
  bool agent_wins = false;
  ipr::sdk::Side chosen, rejected;
  bool operator==(const Contrast&) const = default;
};

struct ContrastSet {
  std::vector<Contrast> pairs;  // by expert, then rival
  std::size_t agent_wins = 0;
  std::size_t ties = 0;      // comparisons that made no pair
  std::size_t repeated = 0;  // trajectories that say what an earlier one of the task says
};

[[nodiscard]] ContrastSet contrasts(const std::vector<ipr::sdk::Exploration>& all, const ContrastRules& rules);

}  // namespace eto_optimizer
