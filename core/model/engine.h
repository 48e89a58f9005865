// The rollout engine: the forward pass of a Llama-architecture model, one call for any mix of rows.
//
// A row is one token of one sequence. Prefill, decode, ragged and continuous batches are the same call (llm-runtime.md
// section 4): nothing is padded, and only the rows that ask get logits.
//
// CpuEngine, here, computes in f32 or bf16 on own kernels. Same bits there: every output is summed in one fixed order
// that depends on the row's own tokens only, never on the other rows, the thread count or how the work was split. A
// prefix read from shared blocks and a recomputed one agree. Engines of other devices come from libraries (core/train).
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

struct Row {
  std::int32_t token = 0;     // in [0, vocab_size)
  std::int32_t position = 0;  // in [0, max_positions)
  // KV memory of the sequence: blocks[i] holds positions [32 i, 32 i + 32) in Engine::block_floats() floats. The step
  // writes this row's K and V at `position` and reads all positions up to it; each of those was written by an earlier
  // step or is written by another row of this one. No two rows of a step write the same position of the same block.
  // What stands behind the sequence's end is of no account, as long as it is finite: zeros, or another sequence's.
  float* const* blocks = nullptr;
  bool want_logits = false;
};

// Immutable after construction but for the KV memory. step() may be called from several threads; calls run one after
// another.
class Engine {
 public:
  virtual ~Engine() = default;

  [[nodiscard]] virtual const LlamaConfig& config() const = 0;
  // Threads of parallel(), the calling one included.
  [[nodiscard]] virtual int threads() const = 0;
  // "avx512", "bf16-amx", "cuda-bf16" and so on: the recorded kernel family. Across families bits may differ.
  [[nodiscard]] virtual const char* kernel_family() const = 0;
  // Kernels for what follows the logits (sampling); of one family throughout a run.
  [[nodiscard]] virtual const Kernels& kernels() const = 0;

  // Size of one KV block (all layers, K and V of 32 positions) in floats' sizes, whatever the engine puts there.
  [[nodiscard]] virtual std::size_t block_floats() const = 0;
  // Memory for `count` blocks one behind the other, zeroed, which may lie on the engine's device: only step() and
  // copy_block() touch it. Goes with its last holder. Throws std::bad_alloc where the device has no more.
  [[nodiscard]] virtual std::shared_ptr<float> allocate_blocks(std::size_t count) const;
  // Copies a block. From any threads, not during a step.
  virtual void copy_block(const float* from, float* to) const;

  // Runs the rows. `logits`: [rows that want logits, in row order][vocab_size], in host memory.
  virtual void step(std::span<const Row> rows, float* logits) const = 0;

  // Calls body(task, thread) for each task in [0, tasks), thread in [0, threads()), on the engine's threads and the
  // caller's: for what follows the logits (sampling). Threads as in step(). The body must not throw. tasks < 65536.
  virtual void parallel(int tasks, const std::function<void(int task, int thread)>& body) const = 0;
};

class CpuEngine final : public Engine {
 public:
  // Packs the weights: a copy, four bytes each (or two, as the kernels' width says) but for the embedding, which is
  // shared; `weights` may go afterwards. The
  // packed base is shared with every engine alive whose weights share their tensors, so that a LoRA policy, its
  // reference and a scorer cost one base. `threads` >= 1 counts the calling thread; the others are the engine's own and
  // sleep between steps. Precondition: check_weights(weights) is ok.
  CpuEngine(const Weights& weights, int threads, const Kernels& kernels = best_kernels());
  ~CpuEngine() override;
  CpuEngine(const CpuEngine&) = delete;
  CpuEngine& operator=(const CpuEngine&) = delete;

  [[nodiscard]] const LlamaConfig& config() const override;
  [[nodiscard]] int threads() const override;
  [[nodiscard]] const char* kernel_family() const override;
  [[nodiscard]] const Kernels& kernels() const override;
  [[nodiscard]] std::size_t block_floats() const override;
  void step(std::span<const Row> rows, float* logits) const override;
  void parallel(int tasks, const std::function<void(int task, int thread)>& body) const override;

  [[nodiscard]] bool shares_base_with(const CpuEngine& other) const;
  // What a packed base takes in memory, without the embedding, and what an engine adds to it for a LoRA change of all
  // linear layers. KV blocks and a step's activations come on top.
  [[nodiscard]] static std::size_t base_bytes(const LlamaConfig& config, Width width);
  [[nodiscard]] static std::size_t change_bytes(const LlamaConfig& config, std::int64_t rank, Width width);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ipr::model
