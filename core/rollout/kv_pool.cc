#include "core/rollout/kv_pool.h"

#include <algorithm>

namespace ipr::rollout {
namespace {

constexpr std::size_t kSlabFloats = (std::size_t{4} << 20) / sizeof(float);

}  // namespace

float* KvPool::allocate() {
  if (free_.empty()) {
    const std::size_t stride = engine_.block_floats();
    const std::size_t count = std::max<std::size_t>(1, kSlabFloats / stride);
    std::shared_ptr<float> slab = engine_.allocate_blocks(count);
    for (std::size_t i = count; i > 0; --i) free_.push_back(slab.get() + (i - 1) * stride);
    slabs_.push_back(std::move(slab));
  }
  float* block = free_.back();
  free_.pop_back();
  return block;
}

}  // namespace ipr::rollout
