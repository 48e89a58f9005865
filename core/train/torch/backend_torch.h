// Backend on LibTorch.
//
// A step's rows are packed into units. A small model on the CPU runs its units on one thread each, whole (a replica
// with its own gradient buffer; at this size split products gain little); a large one runs them one after the other,
// each product on all threads. Which rows meet in a unit, and the order of every sum, depend only on the rows and the
// options.
//
// Weights with LoRA pairs: the base is the process's one copy on the device (device_base.h) and stays as it is; the
// pairs alone have masters, gradients and moments.
#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "core/train/backend.h"

namespace ipr::train {

// `options` are checked, `device` is there.
[[nodiscard]] std::unique_ptr<Backend> make_torch_backend(const BackendOptions& options, at::Device device);

}  // namespace ipr::train
