// --device, --dtype and --model-threads: where and in which width models run.
#pragma once

#include "core/host/options.h"
#include "core/loop/policy.h"

namespace ipr::host {

// Code::kUsage names the flag whose value is none. --lora is looked at as well.
[[nodiscard]] Result<loop::Compute> compute_of(const Options& options);

}  // namespace ipr::host
