// The two kinds of work of an IPR iteration, once each, on given weights.
#pragma once

#include "core/base/status.h"
#include "core/model/weights.h"

namespace ipr::bench {

struct Work {
  std::int64_t rows = 4, row_tokens = 256;  // an optimizer step; the second half of a row is scored
  std::int64_t samples = 5, prompt_tokens = 128, new_tokens = 16;  // Monte Carlo rollouts of one state
  std::string dtype = "bf16";
  int threads = 2;
};

// Seconds that the work took, loading excluded.
[[nodiscard]] Result<double> train_once(const model::Weights& weights, const Work& work);
[[nodiscard]] Result<double> roll_out(const model::Weights& weights, const Work& work);

}  // namespace ipr::bench
