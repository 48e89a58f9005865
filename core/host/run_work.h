// A planned run brought to its end in its folder: what `run` does, and `study` for each of its cells.
#pragma once

#include <atomic>

#include "core/host/run_plan.h"
#include "core/loop/progress.h"

namespace ipr::host {

// Begins the run in plan.config.out, goes on with it, or leaves it as it is where it is finished. True: it has ended
// now, false: it was finished before. Code::kUsage where the folder holds another run, Code::kFailed where another
// process works in it, Code::kInterrupted (with the command that goes on) after a signal.
[[nodiscard]] Result<bool> work_on(RunPlan& plan, loop::ProgressLine& progress, const std::atomic<bool>& stop);

}  // namespace ipr::host
