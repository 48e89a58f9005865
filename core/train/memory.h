// What training and rollouts need in memory, from a model's shape alone: what --dry-run prints, and how much of a
// forward the trainer keeps for backward.
//
// Sizes of what is kept are exact. Of what operators hold meanwhile there are a few figures, measured with bench-shapes
// (docs/benchmarks.md): on the CPU the whole was within 10 % there.
#pragma once

#include <cstdint>

#include "core/model/config.h"

namespace ipr::train {

// Bytes that a forward keeps per token and layer: all that backward needs, or the layer's input alone, from which the
// rest is computed again.
struct TapeBytes {
  std::int64_t whole = 0, input = 0;
};
[[nodiscard]] TapeBytes tape_bytes_per_token(const model::LlamaConfig& config, bool bf16);

struct MemorySetup {
  std::int64_t lora_rank = 0;  // 0: every weight is trained
  bool bf16 = false;           // what the model runs in
  bool gpu = false;
  std::int64_t stored_bytes = 4;  // of a weight as it was loaded: 2 where the file holds bf16 or f16
};

// All in bytes. `host` is the loaded weights; on the CPU it counts with the rest, beside a GPU it does not.
struct TrainMemory {
  std::int64_t host = 0;
  std::int64_t weights = 0;     // what the model reads, without what is read in place from `host`
  std::int64_t optimizer = 0;   // f32 masters, gradients and AdamW's moments
  std::int64_t tape = 0;        // of all tokens that wait for backward
  std::int64_t least_tape = 0;  // the same where every layer is run again: the trainer takes what fits between the two
  std::int64_t working = 0;     // operators, the head's logits, LibTorch itself

  [[nodiscard]] std::int64_t device() const { return weights + optimizer + tape + working; }
  [[nodiscard]] std::int64_t least_device() const { return device() - tape + least_tape; }
};

// `tokens`: of the rows that wait for backward at the same time, at most BackendOptions::tokens_per_pass; `scored` of
// them are.
[[nodiscard]] TrainMemory train_memory(const model::LlamaConfig& config, const MemorySetup& setup, std::int64_t tokens,
                                       std::int64_t scored);

struct RolloutMemory {
  std::int64_t host = 0;
  std::int64_t weights = 0;  // one base for policy, reference and scorer with LoRA; else each its own
  std::int64_t kv = 0;
  std::int64_t working = 0;

  [[nodiscard]] std::int64_t device() const { return weights + kv + working; }
};

// `kv_tokens`: positions kept at the same time; `rows` of a step.
[[nodiscard]] RolloutMemory rollout_memory(const model::LlamaConfig& config, const MemorySetup& setup,
                                           std::int64_t kv_tokens, std::int64_t rows);

}  // namespace ipr::train
