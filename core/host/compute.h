// --device, --dtype and --model-threads: where and in which width models run.
#pragma once

#include "core/host/options.h"
#include "core/loop/policy.h"

namespace ipr::host {

// Code::kUsage names the flag whose value is none. --lora is looked at as well.
//
// `--dtype auto` is bf16 for a model that is stored in 16 bits or fewer where the processor (or the GPU) multiplies
// bf16 itself, else fp32. `model`: its folder or file; empty for one that is made here, or where numbers should be
// exact.
[[nodiscard]] Result<loop::Compute> compute_of(const Options& options, const std::string& model = {});

}  // namespace ipr::host
