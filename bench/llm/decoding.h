// The speed of decoding and of reading a prompt, on an engine that is there.
#pragma once

#include "bench/llm/case.h"
#include "core/model/engine.h"

namespace ipr::bench {

// Tokens that are decoded behind a prompt.
inline constexpr int kNewTokens = 32;

// Tokens per second of all `batch` sequences: the batch over the median time of a step; the median over the repeats.
[[nodiscard]] double decode_rate(const model::Engine& engine, int batch, int context, int repeats);

// A reading by this engine.
[[nodiscard]] Reading reading_of(double value, const model::Engine& engine);

}  // namespace ipr::bench
