// The train splits that optimizers name in their plans: as the environment calls them, and of several environments also
// without the environment's name, for all that have one of that name.
#pragma once

#include <string>

#include "core/env/environment.h"
#include "core/loop/method.h"

namespace ipr::loop {

// Is `split`, as the run calls it, the one that a plan calls `name`? `member`: the environment whose split it is.
[[nodiscard]] bool is_split(const env::Environment& member, const std::string& split, const std::string& name);

// Code::kUsage where a plan of the iteration names a split that is none. To be asked before anything is absorbed.
[[nodiscard]] Status check_plans(OptimizerPlugin& optimizer, int iteration, const env::Environment& environment);

}  // namespace ipr::loop
