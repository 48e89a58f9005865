// How far the rollout engine's log-probs are from the trainer's, for one model.
//
// Two programs compute the same policy: what the one samples and rates, the other trains. A width, a kernel or a mask
// that differed between them would bend every step silently, so each training stage ends with this comparison.
#pragma once

#include <cstddef>
#include <span>

#include "core/model/engine.h"
#include "core/train/backend.h"

namespace ipr::loop {

struct EngineGap {
  double mean = 0, largest = 0;  // |log-prob(engine) - log-prob(trainer)| per token
  std::size_t tokens = 0;        // compared: those of a few rows that take part in the loss
};

// `backend` and `engine` hold the same weights. Rows are taken evenly from the whole.
[[nodiscard]] Result<EngineGap> engine_gap(train::Backend& backend, const model::Engine& engine,
                                           std::span<const train::TrainRow> rows);

}  // namespace ipr::loop
