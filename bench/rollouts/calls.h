// Some of a stage's calls of the model, written down for a peer that is to answer the same.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/status.h"
#include "core/rollout/dialogue.h"

namespace ipr::bench {

// Draws `count` calls by seed 0 among the replies that were sampled and writes them as JSON lines {"prompt": [ids],
// "reply_tokens": n}, in the order of the draw, behind a line {"calls": n, "tokens": n} about all of them; tokens are
// those of prompts and replies together.
[[nodiscard]] Status write_calls(const std::vector<rollout::Trajectory>& played, const rollout::Dialogue& dialogue,
                                 std::size_t count, const std::string& path);

}  // namespace ipr::bench
