#include "core/train/torch/kv_arena.h"

#include <ATen/ops/zeros.h>
#include <sys/mman.h>

#include <new>

#include "core/model/engine.h"

namespace ipr::train {

KvArena::KvArena(const model::LlamaConfig& config, std::int64_t blocks, at::Device device, at::ScalarType type)
    : memory_(at::zeros({config.num_layers, blocks * model::kBlockPositions, 2, config.num_kv_heads, config.head_dim},
                        at::TensorOptions().dtype(type).device(device))),
      block_floats_(block_floats(config, type)),
      blocks_(static_cast<std::size_t>(blocks)) {
  void* const range = ::mmap(nullptr, blocks_ * block_floats_ * sizeof(float), PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) throw std::bad_alloc();
  handles_ = static_cast<float*>(range);
}

KvArena::~KvArena() {
  ::munmap(handles_, blocks_ * block_floats_ * sizeof(float));
}

std::size_t KvArena::block_floats(const model::LlamaConfig& config, at::ScalarType type) {
  const std::int64_t values = config.num_layers * 2 * model::kBlockPositions * config.num_kv_heads * config.head_dim;
  return static_cast<std::size_t>(values) * c10::elementSize(type) / sizeof(float);
}

std::shared_ptr<float> KvArena::allocate(std::size_t count) {
  const std::lock_guard lock(mutex_);
  std::size_t first = next_;
  if (std::vector<std::size_t>& runs = free_[count]; !runs.empty()) {
    first = runs.back();
    runs.pop_back();
  } else {
    if (count > blocks_ - next_) throw std::bad_alloc();
    next_ += count;
  }
  return {handles_ + first * block_floats_, [this, first, count](float*) {
            const std::lock_guard again(mutex_);
            free_[count].push_back(first);
          }};
}

std::int64_t KvArena::block_of(const float* handle) const {
  return static_cast<std::int64_t>(static_cast<std::size_t>(handle - handles_) / block_floats_);
}

void KvArena::copy(const float* from, const float* to) {
  const auto positions = [this](const float* handle) {
    return memory_.narrow(1, block_of(handle) * model::kBlockPositions, model::kBlockPositions);
  };
  positions(to).copy_(positions(from));
}

}  // namespace ipr::train
