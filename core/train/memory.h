// What training needs in memory, from a model's shape alone: what --dry-run prints, and how much of a forward the
// trainer keeps for backward.
#pragma once

#include <cstdint>

#include "core/model/config.h"

namespace ipr::train {

// Bytes that a forward keeps per token and layer: all that backward needs, or the layer's input alone, from which the
// rest is computed again.
struct TapeBytes {
  std::int64_t whole = 0, input = 0;
};
[[nodiscard]] TapeBytes tape_bytes_per_token(const model::LlamaConfig& config, bool bf16);

}  // namespace ipr::train
