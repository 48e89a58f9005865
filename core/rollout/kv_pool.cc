#include "core/rollout/kv_pool.h"

#include <algorithm>

namespace ipr::rollout {
namespace {

constexpr std::size_t kSlabFloats = (std::size_t{4} << 20) / sizeof(float);

}  // namespace

KvPool::KvPool(std::size_t block_floats) : stride_((block_floats + model::kLane - 1) / model::kLane * model::kLane) {}

float* KvPool::allocate() {
  if (free_.empty()) {
    const std::size_t count = std::max<std::size_t>(1, kSlabFloats / stride_);
    slabs_.emplace_back(count * stride_);
    for (std::size_t i = count; i > 0; --i) free_.push_back(slabs_.back().data() + (i - 1) * stride_);
  }
  float* block = free_.back();
  free_.pop_back();
  return block;
}

}  // namespace ipr::rollout
