// The kinds of measurement. Shapes bear the names that the peers' script gives them.
#pragma once

#include "bench/llm/case.h"

namespace ipr::bench {

// Greedy decoding of `batch` sequences after `context` prompt tokens each: tokens per second of the median of 32 steps,
// the choice of the token included. `threads`, here and below: Case::threads.
[[nodiscard]] Case decode_case(std::string section, std::string shape, int batch, int context, int threads = 0);

// Reading one prompt, 512 rows a step, the last one's logits included: tokens per second.
[[nodiscard]] Case prefill_case(std::string section, std::string shape, int tokens, int threads = 0);

// 64 tokens sampled by the generator behind each of `samples` prompts of 1,000 tokens, from a cold cache: seconds.
enum class Prompts {
  kShared,    // one prompt for all samples
  kBatched,   // different prompts, asked for together
  kOneByOne,  // different prompts, each asked for when the last is answered
};
[[nodiscard]] Case samples_case(std::string section, std::string shape, int samples, Prompts prompts);

// A DPO+SFT step of 2 pairs of 256 tokens, the second half scored: seconds. The trainer holds one model at a time and
// asks the reference before the first step; here a pass like it counts with each step, or with none.
enum class ReferencePass { kEachStep, kCached };
[[nodiscard]] Case training_case(std::string section, std::string shape, ReferencePass reference);

// From the trainer's weights to a rollout engine that has them packed: seconds.
[[nodiscard]] Case sync_case(std::string section, std::string shape);

// Decoding one sequence beside a process that never rests.
[[nodiscard]] Case busy_decode_case(std::string section, std::string shape);

// How time and memory grow with the batch, the context, the samples of a state and the threads.
[[nodiscard]] std::vector<Case> growth_cases();

}  // namespace ipr::bench
