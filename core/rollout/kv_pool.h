// Memory of KV blocks, carved out of large slabs (huge pages where the system gives them) and used again.
//
// Not thread-safe. Pointers stay valid until release() of the block or the pool's end; slabs are kept until then.
#pragma once

#include <cstddef>
#include <vector>

#include "core/model/packed.h"

namespace ipr::rollout {

class KvPool {
 public:
  explicit KvPool(std::size_t block_floats);

  // A block of `block_floats` floats, 64-byte aligned. Contents: whatever was there; zeros at first.
  [[nodiscard]] float* allocate();
  void release(float* block) { free_.push_back(block); }

 private:
  std::size_t stride_;  // floats from block to block
  std::vector<model::AlignedFloats> slabs_;
  std::vector<float*> free_;
};

}  // namespace ipr::rollout
