// The inner loops of the f32 engine, one set per instruction set, chosen once per process.
//
// All sets keep one contract: each output is summed in one fixed order that depends on its own inputs only, never on
// how many rows or columns share the call. Within a family bits are therefore reproducible; across families (fused or
// separate multiply-add, lane sums) they may differ in the last place.
//
// "Padded" sizes are multiples of 16 floats; padding holds zeros and stays zero. Pointers to activations, KV blocks and
// packed weights need no alignment beyond that of float.
#pragma once

#include <cstddef>
#include <span>

namespace ipr::model {

// Output columns per packed weight block, and the unit of padding.
inline constexpr int kLane = 16;

[[nodiscard]] constexpr int padded(int size) {
  return (size + kLane - 1) / kLane * kLane;
}

// One row's attention in one layer, for the kv heads [first_kv_head, last_kv_head) and the query heads that share them.
//
// A layer in a KV block, from block + offset: keys, transposed, [kv head][padded head_dim][32 positions]; then values,
// [kv head][32 positions][padded head_dim]. So a row streams through two contiguous runs per block.
struct AttentionArgs {
  const float* query = nullptr;  // [query head][head_stride], already rotated
  float* out = nullptr;          // the same
  int kv_heads = 0;              // of the layer
  int first_kv_head = 0, last_kv_head = 0;
  int group = 1;  // query heads per kv head
  int head_dim = 0;
  int head_stride = 0;  // padded head_dim
  float* const* blocks = nullptr;
  std::size_t offset = 0;    // of the layer in a block, in floats
  int first_position = 0;    // of a windowed layer: those before it are not attended to
  int positions = 0;         // the row's own one is positions - 1, the last
  float scale = 1;           // 1/sqrt(head_dim)
  float* scratch = nullptr;  // attention_scratch() floats
};

// For `positions` attended by `query_heads` heads.
[[nodiscard]] constexpr std::size_t attention_scratch(int query_heads, int head_stride, int positions) {
  return static_cast<std::size_t>(query_heads) * static_cast<std::size_t>((positions + 31) / 32 * 32 + 4 * head_stride);
}

struct Kernels {
  const char* family;  // "avx512", "avx2", "portable"

  // y[r, c] (+)= sum over i of x[r, i] * W[c, i], i ascending, for `blocks` blocks of 16 columns packed as
  // [block][k][16]. Writes blocks * 16 columns of each row.
  void (*matmul)(const float* x, std::size_t x_stride, int rows, const float* weights, int k, int blocks, float* y,
                 std::size_t y_stride, bool accumulate);
  // y = x / sqrt(mean(x^2) + eps) * weight over `size` values; all three padded, y may be x.
  void (*rms_norm)(const float* x, const float* weight, int size, float eps, float* y);
  // Rotates `heads` heads in place, Hugging Face's layout: value i pairs with i + head_dim / 2. cos, sin: [head_dim /
  // 2].
  void (*rope)(float* x, int heads, int head_stride, int head_dim, const float* cos, const float* sin);
  // y[16 j ..] = silu(gate) * up, where gate_up holds 16 gates, then 16 ups, for each j < pairs.
  void (*silu_mul)(const float* gate_up, int pairs, float* y);
  // out = softmax(scale * q K) V over [first_position, positions) for each of the query heads.
  void (*attend)(const AttentionArgs& args);
  // Largest value; -inf for none.
  float (*max_value)(const float* x, std::size_t size);
  // weights[i] = exp((x[i] - max) * scale); returns their sum. `weights` may be null.
  double (*exp_weights)(const float* x, std::size_t size, float max, float scale, float* weights);
};

// The best set this processor runs; the same answer all through the process.
[[nodiscard]] const Kernels& best_kernels();

// Every set this processor runs, best first. For tests.
[[nodiscard]] std::span<const Kernels* const> available_kernels();

}  // namespace ipr::model
