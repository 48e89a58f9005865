// The f32 rollout engine: the forward pass of a Llama-architecture model on own kernels, one call for any mix of rows.
//
// A row is one token of one sequence. Prefill, decode, ragged and continuous batches are the same call (llm-runtime.md
// section 4): nothing is padded, and only the rows that ask get logits.
//
// Same bits: every output is summed in one fixed order that depends on the row's own tokens only, never on the other
// rows, the thread count or how the work was split. A prefix read from shared blocks and a recomputed one agree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "core/model/config.h"
#include "core/model/kernels.h"
#include "core/model/weights.h"

namespace ipr::model {

// Positions per KV block.
inline constexpr std::int64_t kBlockPositions = 32;

struct Row {
  std::int32_t token = 0;     // in [0, vocab_size)
  std::int32_t position = 0;  // in [0, max_positions)
  // KV memory of the sequence: blocks[i] holds positions [32 i, 32 i + 32) in Engine::block_floats() floats. The step
  // writes this row's K and V at `position` and reads all positions up to it; each of those was written by an earlier
  // step or is written by another row of this one. No two rows of a step write the same position of the same block.
  float* const* blocks = nullptr;
  bool want_logits = false;
};

// Immutable after construction. step() may be called from several threads; calls run one after another.
class Engine {
 public:
  // Packs the weights (a copy; `weights` may go afterwards). `threads` >= 1 counts the calling thread; the others are
  // the engine's own and sleep between steps. Precondition: check_weights(weights) is ok.
  Engine(const Weights& weights, int threads, const Kernels& kernels = best_kernels());
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] const LlamaConfig& config() const;
  [[nodiscard]] int threads() const;
  // "avx512", "avx2" or "portable": the recorded kernel family. Across families bits may differ.
  [[nodiscard]] const char* kernel_family() const;
  // The same kernels for what follows the logits (sampling), so that a run uses one family throughout.
  [[nodiscard]] const Kernels& kernels() const;
  // Size of one KV block (all layers, K and V of 32 positions), in floats. Its memory must be 64-byte aligned.
  [[nodiscard]] std::size_t block_floats() const;

  // Runs the rows. `logits`: [rows that want logits, in row order][vocab_size].
  void step(std::span<const Row> rows, float* logits) const;

  // Calls body(task, thread) for each task in [0, tasks), thread in [0, threads()), on the engine's threads and the
  // caller's: for what follows the logits (sampling). Threads as in step(). The body must not throw. tasks < 65536.
  void parallel(int tasks, const std::function<void(int task, int thread)>& body) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipr::model
