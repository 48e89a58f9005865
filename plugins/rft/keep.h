// Which sampled trajectories are worth training on (ipr-pipeline.md section 10): the successes, each only once.
//
// Pure: no host, no model. The result depends only on the arguments, not on their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rft_optimizer {

// A trajectory as the rule sees it.
struct Attempt {
  std::uint64_t id = 0;
  std::string task;
  bool ended = false;  // by the environment, not by a limit on steps or tokens
  double outcome = 0;
  std::vector<std::string> actions;  // of a turn that could not be parsed: its message
};

struct Kept {
  std::vector<const Attempt*> attempts;  // by id; they live as long as `sampled`
  std::size_t failed = 0;                // not ended, or an outcome that is no success
  std::size_t repeated = 0;              // successes with the actions of an expert or of a success of lower id
};

// A success ended with an outcome above `least` by more than 1e-9. Two attempts at one task with equal actions are the
// same.
[[nodiscard]] Kept keep_successes(const std::vector<Attempt>& experts, const std::vector<Attempt>& sampled,
                                  double least);

}  // namespace rft_optimizer
