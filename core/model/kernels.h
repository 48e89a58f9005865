// The inner loops of the rollout engine, one set per width and instruction set, chosen once per process.
//
// All sets keep one contract: each output is summed in one fixed order that depends on its own inputs only, never on
// how many rows or columns share the call. Within a family bits are therefore reproducible; across families (fused or
// separate multiply-add, lane sums) they may differ in the last place.
//
// A family of width bf16 keeps weights, the inputs of products ("cells"), keys and values in bf16, sums in f32 and
// leaves everything between products (residual stream, norms, rotation, softmax) in f32 (llm-runtime.md section 4).
// Then `void` below is bf16, else float.
//
// "Padded" sizes are multiples of unit(width); padding holds zeros and stays zero. Pointers need no alignment beyond
// that of their type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ipr::model {

// Output columns per packed weight block.
inline constexpr int kLane = 16;

enum class Width { kF32, kBf16 };

[[nodiscard]] constexpr std::size_t bytes_of(Width width) {
  return width == Width::kF32 ? 4 : 2;
}
// The unit of padding: a vector of f32, or a tile row of bf16.
[[nodiscard]] constexpr int unit(Width width) {
  return width == Width::kF32 ? kLane : 32;
}
[[nodiscard]] constexpr int padded(int size, int to = kLane) {
  return (size + to - 1) / to * to;
}

// Positions per KV block.
inline constexpr int kBlockPositions = 32;

// One row in one layer: a token that attends to its own position and those before it.
struct AttentionRow {
  const float* query = nullptr;  // [query head][head_stride], already rotated
  float* out = nullptr;          // the same
  float* const* blocks = nullptr;
  int positions = 0;  // the row's own one is the last
};

// Attention of some rows, for the kv heads [first_kv_head, last_kv_head) and the query heads that share them. Of a
// windowed layer a row attends to its last `window` positions only.
//
// A layer in a KV block, from block + offset: keys of all kv heads, then values of all, head_stride * 32 numbers a
// head. f32: keys [head_stride][32 positions], values [32 positions][head_stride]. bf16, as tiles take them: keys [2
// halves][head_stride / 2][16 positions][2 dims], values [head_stride / 16][16 pairs of positions][16 dims][2].
struct AttentionArgs {
  const AttentionRow* rows = nullptr;
  int row_count = 0;
  int shared_blocks = 0;  // so many first blocks are the same memory for all rows, and each row may read them
  int kv_heads = 0;       // of the layer
  int first_kv_head = 0, last_kv_head = 0;
  int group = 1;  // query heads per kv head
  int head_dim = 0;
  int head_stride = 0;       // padded head_dim
  std::size_t offset = 0;    // of the layer in a block, in floats' sizes
  int window = 0;            // 0: none
  float scale = 1;           // 1/sqrt(head_dim)
  float* scratch = nullptr;  // attention_scratch() floats

  // The first position that a row attends to.
  [[nodiscard]] constexpr int first_position(int positions) const {
    return window > 0 && positions > window ? positions - window : 0;
  }
};

// For rows of at most `positions` and `query_heads` heads, or a tile of 16 (row, head) pairs.
[[nodiscard]] constexpr std::size_t attention_scratch(int query_heads, int head_stride, int positions) {
  return static_cast<std::size_t>(query_heads < 16 ? 16 : query_heads) *
         static_cast<std::size_t>((positions + 31) / 32 * 32 + 4 * head_stride);
}

struct Kernels {
  const char* family;  // "avx512", "avx2", "portable"

  Width width;

  // y[r, c] (+)= sum over i of x[r, i] * W[c, i], i ascending, for `blocks` blocks of 16 columns packed as
  // [block][k][16], or [block][k / 2][16][2] in bf16, where k is padded. Writes blocks * 16 columns of each row.
  void (*matmul)(const void* x, std::size_t x_stride, int rows, const void* weights, int k, int blocks, float* y,
                 std::size_t y_stride, bool accumulate);
  // The inputs of a product: `size` values, a multiple of 16, as cells, to nearest even. Null in f32, where the values
  // themselves are the cells.
  void (*to_cells)(const float* x, int size, void* cells);
  // Files one head's key and value of the position `slot` of a block; `keys` and `values` are the head's.
  void (*store_key_value)(const float* key, const float* value, int head_dim, int head_stride, int slot, void* keys,
                          void* values);
  // y = x / sqrt(mean(x^2) + eps) * weight over `size` values; all three padded to 16, y may be x.
  void (*rms_norm)(const float* x, const float* weight, int size, float eps, float* y);
  // Rotates `heads` heads in place, Hugging Face's layout: value i pairs with i + head_dim / 2. cos, sin: [head_dim /
  // 2].
  void (*rope)(float* x, int heads, int head_stride, int head_dim, const float* cos, const float* sin);
  // y[16 j ..] = silu(gate) * up, where gate_up holds 16 gates, then 16 ups, for each j < pairs.
  void (*silu_mul)(const float* gate_up, int pairs, float* y);
  // out = softmax(scale * q K) V for each row and query head.
  void (*attend)(const AttentionArgs& args);
  // (row, query head) pairs of one kv head that attend() takes at once, reading shared blocks once for all; 1: rows
  // gain nothing from each other.
  int attend_together;
  // Largest value; -inf for none.
  float (*max_value)(const float* x, std::size_t size);
  // weights[i] = exp((x[i] - max) * scale); returns their sum. `weights` may be null.
  double (*exp_weights)(const float* x, std::size_t size, float max, float scale, float* weights);
};

// The best set this processor runs; the same answer all through the process.
[[nodiscard]] const Kernels& best_kernels(Width width = Width::kF32);

// Every set of a width that this processor runs, best first. For tests.
[[nodiscard]] std::span<const Kernels* const> available_kernels(Width width = Width::kF32);

// Does the processor multiply bf16 itself? Elsewhere bf16 saves memory but no time.
[[nodiscard]] bool multiplies_bf16();

// Does it have AMX, and may this process use it?
[[nodiscard]] bool has_amx();

}  // namespace ipr::model
