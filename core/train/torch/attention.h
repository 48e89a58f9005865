// Causal attention of packed rows, each for itself, forward and backward.
//
// Four ways to the same numbers: our kernels (f32 on the CPU, short heads), LibTorch's kernel for the CPU row by row
// (its other cases), LibTorch's fused attention over all rows at once (bf16 on a GPU), and LibTorch's attention row by
// row with its own autograd (everything else, and what the others are tested against).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ipr::train {

// Sequences one behind the other in the rows of a tensor: sequence i is [begin[i], begin[i + 1]).
struct Packing {
  std::vector<std::int64_t> begin;
  // What sequence i goes on from: rows of earlier sequences, which its own rows attend to as well, in this order. Only
  // with `own` kernels.
  struct Range {
    std::int64_t begin = 0, tokens = 0;
  };
  std::vector<std::vector<Range>> past;
  std::int64_t longest = 0;  // with its past
  [[nodiscard]] std::size_t sequences() const { return past.size(); }
  [[nodiscard]] std::int64_t tokens(std::size_t i) const { return begin[i + 1] - begin[i]; }
  [[nodiscard]] std::int64_t past_tokens(std::size_t i) const;
  // On the device: `begin` as int32, and the place of each row in its sequence as int64.
  at::Tensor starts, positions;
};

struct HeadShape {
  std::int64_t heads = 0, kv_heads = 0, head_dim = 0;
  [[nodiscard]] std::int64_t qkv_size() const { return (heads + 2 * kv_heads) * head_dim; }
};

// The attention of one layer.
struct Attention {
  HeadShape shape;
  std::int64_t window = 0;  // a row attends to so many positions, its own included; 0: to all up to its own
  at::Tensor cos, sin;      // f32 [positions, head_dim / 2]
  bool own = false;         // our kernels where they can
};

// What backward needs of a forward.
struct AttentionTape {
  at::Tensor qkv;  // our kernels: as given; else with queries and keys rotated, [n, all heads, head_dim]
  at::Tensor out;  // row by row: with a graph from qkv
  at::Tensor lse;  // logarithms of the softmax's denominators; undefined where there is a graph
  at::Tensor random_state, unused;  // the fused attention's
};

// Rotary positions count from a sequence's start. qkv [n, qkv_size]: query heads, key heads, value heads. `tape` may be
// null.
[[nodiscard]] at::Tensor attention(const at::Tensor& qkv, const Packing& packing, const Attention& layer,
                                   AttentionTape* tape);
[[nodiscard]] at::Tensor attention_backward(const AttentionTape& tape, const at::Tensor& d_out, const Packing& packing,
                                            const Attention& layer);

// True where our kernels know the shape; they take f32 alone.
[[nodiscard]] bool has_own_attention(const HeadShape& shape);

}  // namespace ipr::train
