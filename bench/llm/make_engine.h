// The rollout engine of a width: the one place that knows which widths there are.
#pragma once

#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/model/engine.h"

namespace ipr::bench {

// `width`: "f32" or "bf16". Code::kUsage where this build's engine has no such width.
[[nodiscard]] Result<std::unique_ptr<model::Engine>> make_engine(const model::Weights& weights, int threads,
                                                                 const std::string& width);

}  // namespace ipr::bench
