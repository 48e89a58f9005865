// Playing given actions: the machine format of `ipr-host replay` (product.md section 4).
#pragma once

#include "core/env/environment.h"

namespace ipr::env {

struct ReplayOptions {
  int max_steps = 0;     // binds only agent_text cases; 0: the environment's
  bool history = false;  // add the chat an agent would see
};

// One input line to one output object. A case that cannot run comes back with its "error" set; `already` is an error
// that stands before the case is looked at (its line was no JSON).
[[nodiscard]] Json replay_case(const Environment& environment, const Json& input, const ReplayOptions& options,
                               const Status& already = {});

// The task named by a case: an id, or {"split":…,"index":…}.
[[nodiscard]] Result<Task> resolve_task(const Environment& environment, const Json& task);

}  // namespace ipr::env
