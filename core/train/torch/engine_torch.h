// The rollout engine on LibTorch's operators: a GPU's, and on the CPU the reference that it is tested as.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <mutex>
#include <span>

#include "core/model/engine.h"
#include "core/model/rope.h"
#include "core/model/thread_pool.h"
#include "core/train/device_engine.h"
#include "core/train/torch/device_base.h"
#include "core/train/torch/kv_arena.h"
#include "core/train/torch/model_views.h"
#include "core/train/torch/step_plan.h"

namespace ipr::train {

// Per layer: norm, one product for q, k, v, rotation, K and V into the arena, the segments' positions gathered,
// attention over all segments in one call (FlashAttention in bf16 on a GPU; else segment by segment), the MLP.
class TorchEngine final : public model::Engine {
 public:
  TorchEngine(const model::Weights& weights, const EngineOptions& options, at::Device device, at::ScalarType type);

  [[nodiscard]] const model::LlamaConfig& config() const override { return config_; }
  [[nodiscard]] int threads() const override { return pool_.threads(); }
  [[nodiscard]] const char* kernel_family() const override;
  [[nodiscard]] const model::Kernels& kernels() const override { return model::best_kernels(); }
  [[nodiscard]] std::size_t block_floats() const override { return KvArena::block_floats(config_, type_); }
  [[nodiscard]] std::shared_ptr<float> allocate_blocks(std::size_t count) const override;
  void copy_block(const float* from, float* to) const override;
  void step(std::span<const model::Row> rows, float* logits) const override;
  void parallel(int tasks, const std::function<void(int task, int thread)>& body) const override;

 private:
  void reserve_positions(std::int64_t positions) const;
  [[nodiscard]] at::Tensor layer(std::int64_t index, const StepPlan& plan, const at::Tensor& cos, const at::Tensor& sin,
                                 const at::Tensor& x) const;
  [[nodiscard]] at::Tensor attend(std::int64_t index, const StepPlan& plan, const at::Tensor& query) const;

  const model::LlamaConfig config_;
  const at::Device device_;
  const at::ScalarType type_;
  std::shared_ptr<const DeviceBase> base_;
  ModelViews views_;

  mutable std::mutex pool_mutex_;  // guards the pool; a region's bodies may copy blocks
  mutable std::mutex mutex_;       // guards everything else below; one step at a time
  mutable KvArena arena_;
  mutable model::ThreadPool pool_;
  mutable model::RopeTable rope_;
  mutable at::Tensor cos_, signed_sin_;  // [positions, 1, head_dim], f32; the sine of the low half is negative
};

}  // namespace ipr::train
