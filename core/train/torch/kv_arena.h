// KV memory on a device, in blocks of 32 positions, behind handles that look like host addresses.
//
// The rollout code keeps a sequence's blocks as float pointers and never looks behind them. Here they are addresses in
// a reserved, unreadable range as large as the blocks themselves, so that a handle tells its block by division.
// Thread-safe but for copy(), which no step may meet.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "core/model/config.h"

namespace ipr::train {

class KvArena {
 public:
  // Takes the device's memory at once. Throws c10::Error where there is not enough.
  KvArena(const model::LlamaConfig& config, std::int64_t blocks, at::Device device, at::ScalarType type);
  ~KvArena();
  KvArena(const KvArena&) = delete;
  KvArena& operator=(const KvArena&) = delete;

  // Bytes of a block over all layers, in floats' sizes.
  [[nodiscard]] static std::size_t block_floats(const model::LlamaConfig& config, at::ScalarType type);

  // `count` neighbouring blocks, given back when the last holder goes, which must be before the arena does. Throws
  // std::bad_alloc where none are left.
  [[nodiscard]] std::shared_ptr<float> allocate(std::size_t count);
  [[nodiscard]] std::int64_t block_of(const float* handle) const;
  void copy(const float* from, const float* to);

  // [positions of all blocks, 2 (K, V), kv_heads, head_dim] of a layer.
  [[nodiscard]] at::Tensor layer(std::int64_t index) const { return memory_.select(0, index); }

 private:
  at::Tensor memory_;  // [layers, positions, 2, kv_heads, head_dim]
  std::size_t block_floats_ = 0, blocks_ = 0;
  float* handles_ = nullptr;

  std::mutex mutex_;  // guards the two below
  std::size_t next_ = 0;
  std::map<std::size_t, std::vector<std::size_t>> free_;  // first blocks of runs given back, by length
};

}  // namespace ipr::train
