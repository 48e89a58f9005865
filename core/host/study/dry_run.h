// `study --dry-run`: the cells, what they share, and what they are expected to take. Nothing is started.
#pragma once

#include "core/host/study/plan.h"

namespace ipr::host {

// On standard output, as text or (--json) as one JSON object (docs/json.md). One cell of each kind (all but the seed)
// is looked at as `run --dry-run` does.
[[nodiscard]] Status dry_run(const StudyPlan& plan, const Options& own, loop::ProgressLine& progress,
                             const std::atomic<bool>& stop);

}  // namespace ipr::host
