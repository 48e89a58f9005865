// The loops of training that are not matrix products, forward and backward, one set per instruction set.
//
// LibTorch's own operators run them as many separate passes over memory, and its attention is slow for short heads; at
// the sizes of a small model that is more than half of a step. Matrix products stay LibTorch's.
//
// All pointers are row-major float32 or bf16 without alignment demands. Every sum runs in one order that depends on the
// row alone, so that a row's bits do not depend on its company. Thread-safe: nothing is kept.
#pragma once

#include <cstdint>

namespace ipr::train {

struct Bf16 {
  std::uint16_t bits;  // the upper half of a float's
};

// Heads of this size at most are attended by our kernels; longer ones by LibTorch, which is good at those.
inline constexpr std::int64_t kMaxHeadDim = 32;

// Tokens that a sequence goes on from. They have been run with a sequence of their own.
struct AttentionPast {
  std::int64_t tokens = 0;
  const float* qkv = nullptr;  // of the first token
  float* d_qkv = nullptr;      // backward: keys and values get what this sequence adds to their gradients
};

// One kv head of one sequence, with the `group` query heads that share it. Query, key and value stand side by side in
// the rows of the fused projection `qkv`; positions count from the past's first; attention is causal, scaled by
// 1/sqrt(head_dim).
struct AttentionTask {
  std::int64_t tokens = 0;  // without the past
  const AttentionPast* past = nullptr;
  std::int64_t past_count = 0;
  std::int64_t window = 0;    // a token attends to so many, itself included; 0: to all up to itself
  std::int64_t head_dim = 0;  // multiple of 16, at most kMaxHeadDim
  std::int64_t group = 1;
  std::int64_t qkv_stride = 0;  // floats from one token to the next
  std::int64_t q_offset = 0;    // of the first query head in a token's row
  std::int64_t k_offset = 0;
  std::int64_t v_offset = 0;
  std::int64_t out_stride = 0;
  std::int64_t out_offset = 0;  // of the first query head's output
  const float* qkv = nullptr;   // before rotation (RoPE happens inside)
  const float* cos = nullptr;   // [positions, head_dim / 2]
  const float* sin = nullptr;
  float* out = nullptr;  // forward: written; backward: read
  // [group, tokens] log of the softmax's denominator, in the base of the kernels that wrote it: backward reads it with
  // the same family and `may_round`.
  float* lse = nullptr;
  bool may_round = false;        // the factors of gradients' products, to bf16; on AMX of forward's, too
  const float* d_out = nullptr;  // backward, laid out as `out`
  float* d_qkv = nullptr;        // backward, laid out as `qkv`: q, k and v of this kv head are overwritten
  float* scratch = nullptr;      // attention_scratch(tokens with the past, head_dim) floats
};

// Floats of scratch for either direction, whatever the kernels.
[[nodiscard]] std::int64_t attention_scratch(std::int64_t tokens, std::int64_t head_dim);

// Heads turned by the angles of their positions (RoPE), row by row; head i of the output is made of the heads
// [i group, (i + 1) group) of the input, added up. Strides count numbers; a head's numbers are neighbours.
template <typename Number>
struct RotaryTask {
  std::int64_t rows = 0;  // at positions 0, 1, ...
  std::int64_t heads = 0, group = 1, head_dim = 0;
  const Number* from = nullptr;  // may be `to`, where group is 1 and the strides are equal
  std::int64_t from_row = 0, from_head = 0;
  Number* to = nullptr;
  std::int64_t to_row = 0;     // heads are neighbours
  const float* cos = nullptr;  // [rows, head_dim / 2]; null: nothing turns
  const float* sin = nullptr;
  float sign = 1;  // -1 turns back
};

// What is there for float and for bf16 in memory. In registers all is f32; each number stored is rounded once.
template <typename Number>
struct NumberKernels {
  // y = x * r * w with r = 1 / sqrt(mean(x^2) + eps), for `rows` rows of `size` values.
  void (*rms_norm)(const float* x, const float* w, float eps, std::int64_t rows, std::int64_t size, Number* y);
  // Adds d y / d x . gy to gx and d y / d w . gy to gw, which may be null.
  void (*rms_norm_backward)(const float* x, const float* w, float eps, const Number* gy, std::int64_t rows,
                            std::int64_t size, float* gx, float* gw);
  // y[rows, size] = silu(gate) * up, where gate_up is [rows, 2 size]: gates, then ups.
  void (*swiglu)(const Number* gate_up, std::int64_t rows, std::int64_t size, Number* y);
  // The same y again, and gate_up replaced by its gradient.
  void (*swiglu_backward)(Number* gate_up, const Number* gy, std::int64_t rows, std::int64_t size, Number* y);
  // logp[r] = log of softmax(logits[r]) at target[r].
  void (*softmax_pick)(const Number* logits, const std::int64_t* target, std::int64_t rows, std::int64_t vocab,
                       float* logp);
  // Replaces logits by their gradient: d_logp[r] * (onehot(target[r]) - softmax(logits[r])).
  void (*softmax_pick_backward)(Number* logits, const std::int64_t* target, const float* logp, const float* d_logp,
                                std::int64_t rows, std::int64_t vocab);
  // sum = a + b; `sum` may be `a`.
  void (*add)(const float* a, const Number* b, std::int64_t size, float* sum);
  // y[r] += low[r] . m, for y of `rows` rows that lie `y_stride` numbers apart, low [rows, rank] with rows `low_stride`
  // apart, m [rank, size].
  void (*add_low_rank)(const float* low, std::int64_t low_stride, const float* m, std::int64_t rows, std::int64_t rank,
                       std::int64_t size, Number* y, std::int64_t y_stride);
  void (*rotate_heads)(const RotaryTask<Number>& task);
};

struct Kernels {
  const char* family;  // "amx", "avx512bf16", "avx512", "avx2", "portable"
  NumberKernels<float> f32;
  NumberKernels<Bf16> bf16;
  void (*attention)(const AttentionTask& task);
  void (*attention_backward)(const AttentionTask& task);
  double (*sum_of_squares)(const float* x, std::int64_t size);
};

// The best set this processor runs; the same answer all through the process.
[[nodiscard]] const Kernels& best_kernels();

}  // namespace ipr::train
