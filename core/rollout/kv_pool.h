// Memory of KV blocks, taken from the engine in large slabs and used again.
//
// Not thread-safe. Pointers stay valid until release() of the block or the pool's end; slabs are kept until then.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/model/engine.h"

namespace ipr::rollout {

class KvPool {
 public:
  // `engine` must outlive the pool.
  explicit KvPool(const model::Engine& engine) : engine_(engine) {}

  // A block for the engine's steps; what it holds is whatever was there.
  [[nodiscard]] float* allocate();
  void release(float* block) { free_.push_back(block); }

 private:
  const model::Engine& engine_;
  std::vector<std::shared_ptr<float>> slabs_;
  std::vector<float*> free_;
};

}  // namespace ipr::rollout
