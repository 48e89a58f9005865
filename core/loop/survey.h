// A look at a run before it starts (`run --dry-run`): tasks are counted, the expert is played, its rows are tokenized,
// and a fraction of a second of the trainer's and the engine's arithmetic is measured. Nothing is written, nothing is
// trained that stays.
#pragma once

#include <atomic>

#include "core/loop/expectation.h"
#include "core/loop/progress.h"
#include "core/loop/run.h"

namespace ipr::loop {

struct Survey {
  Workload workload;
  Rates rates;
  std::int64_t vocabulary = 0;
};

// Fails as the run itself would: no expert, a model that cannot be read, no trainer.
[[nodiscard]] Result<Survey> survey(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop);

}  // namespace ipr::loop
