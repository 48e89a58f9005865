// A model's weights on a device, shared by all who run the same numbers there: the trainer and the rollout engines of
// policy, reference and scorer, which differ by their LoRA pairs alone.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "core/model/weights.h"
#include "core/train/torch/model_views.h"

namespace ipr::train {

// Immutable, hence for any number of threads.
class DeviceBase {
 public:
  DeviceBase(const model::Weights& weights, at::Device device, at::ScalarType type);

  [[nodiscard]] const model::LlamaConfig& config() const { return config_; }
  [[nodiscard]] at::Device device() const { return device_; }
  [[nodiscard]] at::ScalarType type() const { return type_; }
  // Without adapters.
  [[nodiscard]] const ModelViews& views() const { return views_; }
  // Made of these very tensors (the same memory, not equal numbers), for that device and type?
  [[nodiscard]] bool is_of(const model::Weights& weights, at::Device device, at::ScalarType type) const;

 private:
  model::LlamaConfig config_;
  at::Device device_;
  at::ScalarType type_;
  std::vector<std::weak_ptr<const void>> origin_;  // identities of the tensors, in their order
  std::vector<model::Values> kept_;                // the host's numbers that views lie in
  ModelViews views_;
};

// The tensors of `weights` (its pairs left aside) in `type` on `device`. While anybody holds the base of the same
// numbers (Values::identity, each of them), device and type, that one is returned; after the last holder its
// memory is free. Stored numbers of `type` are copied as they are, tensor by tensor, without a detour. Thread-safe;
// throws what LibTorch throws.
[[nodiscard]] std::shared_ptr<const DeviceBase> device_base(const model::Weights& weights, at::Device device,
                                                            at::ScalarType type);

// The base's views with the pairs as adapters, which are on the base's device in its type. Holds tensors of the base,
// not the base: keep that while others may want it.
[[nodiscard]] ModelViews with_lora(const DeviceBase& base, const model::Lora& lora);

// The stored numbers as a tensor in host memory, which is theirs: not to be written, and alive as long as they are.
[[nodiscard]] at::Tensor host_tensor(const model::Values& values, const std::vector<std::int64_t>& shape);

}  // namespace ipr::train
