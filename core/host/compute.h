// --device, --dtype and --model-threads: where and in which width models run.
#pragma once

#include "core/host/options.h"
#include "core/loop/policy.h"

namespace ipr::host {

// Code::kUsage names the flag whose value is none. --lora is looked at as well.
//
// `--dtype auto` is fp32 where numbers should be exact, and for a model whose file holds 32 bits; bf16 for one that is
// stored in fewer where the processor (or the GPU) multiplies bf16 itself. There, on the CPU, a model that is made here
// is trained in bf32: there is no file whose numbers it could keep.
enum class ModelOrigin { kExact, kMadeHere, kFile };
[[nodiscard]] Result<loop::Compute> compute_of(const Options& options, ModelOrigin origin = ModelOrigin::kExact,
                                               const std::string& file = {});

}  // namespace ipr::host
