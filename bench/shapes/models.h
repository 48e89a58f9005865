// Models of real widths with few layers and random numbers: what fits on a small machine, and shows what a whole one
// takes.
#pragma once

#include <string>
#include <vector>

#include "core/model/weights.h"

namespace ipr::bench {

struct NamedShape {
  std::string name;
  model::LlamaConfig config;  // with its real number of layers
};

// Llama-2-7B and 13B, Llama-3-8B, Mistral-7B, Qwen2.5-7B.
[[nodiscard]] std::vector<NamedShape> real_shapes();

// bf16 numbers, as these models' files hold them: matrices uniform with a deviation of 0.02, norms 1, biases 0.
[[nodiscard]] model::Weights random_bf16(const model::LlamaConfig& config, std::uint64_t seed);

}  // namespace ipr::bench
