// Rollout engines that run on LibTorch: of a GPU, and of the CPU as their reference in tests.
//
// They live in the trainer's library, which load_engine loads on its first call like load_backend does.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/model/engine.h"
#include "core/model/weights.h"

namespace ipr::train {

struct EngineOptions {
  std::string device = "cuda";  // cpu, cuda, cuda:N
  std::string dtype = "bf16";   // fp32, bf16 or, on the CPU, bf32, which is f32 here: of weights, activations and KV
  int threads = 2;              // of Engine::parallel, on the host
  // KV memory, taken at once; at least what one sequence of the model's longest context needs.
  std::size_t kv_bytes = std::size_t{1} << 30;
};

// Weights that share their base (values.h) share it on the device, too, with each other and with the trainer. `weights`
// may go afterwards. Errors as of load_backend; Code::kFailed also where the device's memory does not suffice.
//
// A row's numbers here may depend on its company in the last bits: the products of a GPU's libraries are chosen by
// their shape (docs/models.md, "On a GPU").
[[nodiscard]] Result<std::unique_ptr<model::Engine>> load_engine(const EngineOptions& options,
                                                                 const model::Weights& weights);

}  // namespace ipr::train
