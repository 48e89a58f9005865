// The numbers that training changes: f32 masters in one flat buffer, their gradients, and AdamW's moments.
//
// Masters stay f32 where the model runs in bf16: a step of 1e-5 is below half a bf16 unit of most weights and would be
// lost (llm-runtime.md section 6). The model reads a bf16 copy, made anew after each step.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/train/backend.h"
#include "core/train/torch/model_views.h"

namespace ipr::train {

class AdamW {
 public:
  // `start` gives each parameter's first values. `replicas` gradient buffers take gradients side by side.
  AdamW(Layout layout, const std::function<const model::Values&(const std::string& name)>& start, at::Device device,
        at::ScalarType type, int replicas);

  // What the model reads, in `type`; and where it adds gradients, one source per replica. Views of them stay good as
  // long as this object.
  [[nodiscard]] TensorSource weights() const { return layout_.source(read_); }
  [[nodiscard]] TensorSource gradients(std::size_t replica) const { return layout_.source(gradients_[replica]); }
  [[nodiscard]] std::size_t replicas() const { return gradients_.size(); }

  void zero_gradients();
  // Sums the replicas into the first; returns the global L2 norm.
  [[nodiscard]] double reduce_gradients(bool own_kernels);
  // One step along the reduced gradients.
  void update(const StepSettings& settings, double grad_norm);

  // Calls take(name, tensor) for each parameter.
  void read_masters(const std::function<void(const std::string& name, model::Tensor tensor)>& take) const;
  [[nodiscard]] std::map<std::string, double> gradient_norms() const;  // of the last reduced gradient

  [[nodiscard]] std::string save_state() const;
  [[nodiscard]] Status load_state(std::string_view bytes);

 private:
  Layout layout_;
  at::Tensor masters_, read_, moment1_, moment2_, step_count_;  // flat, see Layout; read_ is masters_ in f32
  std::vector<at::Tensor> gradients_;                           // one per replica
  std::vector<double> squared_norms_;                           // per parameter, of the last reduced gradient
};

}  // namespace ipr::train
