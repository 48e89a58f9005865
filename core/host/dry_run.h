// `run --dry-run`: the plan and what it is expected to take. Nothing is started: no run folder, no training.
#pragma once

#include "core/host/run_plan.h"

namespace ipr::host {

// On standard output, as text or (--json) as one JSON object (docs/json.md).
[[nodiscard]] Status dry_run(const RunPlan& plan, const Options& options);

}  // namespace ipr::host
