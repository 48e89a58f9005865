// What one finished cell says, read from its run.db.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/science/arms.h"
#include "core/base/status.h"
#include "core/report/statistics.h"

namespace ipr::bench {

// A policy on the test goals against its SFT start, paired by goal.
struct Gain {
  std::string policy;
  double mean = 0;  // reward
  double gain = 0;
  report::Interval ci95;  // of the gain, over goals, clustered where goals share a product
};

// Shares among the step pairs of an iteration, by the environment's rule of harmful actions (`harmful` in a step's
// info); empty where it has none or there is no pair.
struct Blame {
  std::optional<double> blameless;  // losing action harmless
  std::optional<double> clean;      // winning action harmless, losing action harmful
};

struct CellOutcome {
  double sft = 0;                         // mean reward of the start
  Gain first;                             // after the first iteration
  Gain chosen;                            // of the policy chosen on dev, which may be the start
  std::int64_t goals = 0;                 // train goals explored in the first iteration; as all that follows
  std::int64_t d_t = 0, d_s = 0;          // pairs
  std::int64_t played = 0, rollouts = 0;  // the agent's trajectories; the scorer's rollouts
  std::int64_t steps = 0;                 // of the optimizer
  double seconds = 0;                     // of all stages on record
  Blame blame;
};

[[nodiscard]] Result<CellOutcome> read_outcome(const std::string& folder);

// What the controls take from an IPR cell.
[[nodiscard]] Result<Given> given_by(const std::string& folder);

}  // namespace ipr::bench
