// What the trainer library's two entry points (library.cc) make.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/train/backend.h"
#include "core/train/device_engine.h"

namespace ipr::train {

// Both are the caller's. Options are checked, but for what the models themselves refuse.
[[nodiscard]] Backend* make_torch_backend(const BackendOptions& options, at::Device device);
[[nodiscard]] model::Engine* make_torch_engine(const EngineOptions& options, const model::Weights& weights,
                                               at::Device device);

}  // namespace ipr::train
