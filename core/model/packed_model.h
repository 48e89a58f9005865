// A model's weights as the engine reads them: packed and padded. Internal to the engine.
//
// Immutable value; move only.
#pragma once

#include <cstddef>
#include <vector>

#include "core/model/config.h"
#include "core/model/engine.h"
#include "core/model/packed.h"
#include "core/model/weights.h"

namespace ipr::model {

[[nodiscard]] constexpr std::size_t product(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

// Sizes of one layer's vectors, all padded to 16 so that kernels never meet a remainder. A head's padding is zero in
// q, k and v because its weight columns are.
struct Shape {
  explicit Shape(const LlamaConfig& config)
      : hidden(static_cast<int>(config.hidden_size)),
        hidden_stride(padded(hidden)),
        inner(static_cast<int>(config.intermediate_size)),
        inner_stride(padded(inner)),
        heads(static_cast<int>(config.num_heads)),
        kv_heads(static_cast<int>(config.num_kv_heads)),
        head_dim(static_cast<int>(config.head_dim)),
        head_stride(padded(head_dim)),
        query_width(heads * head_stride),
        qkv_width((heads + 2 * kv_heads) * head_stride),
        vocab(static_cast<int>(config.vocab_size)) {}

  int hidden, hidden_stride, inner, inner_stride, heads, kv_heads, head_dim, head_stride, query_width, qkv_width, vocab;

  // K, or V, of 32 positions of one (layer, kv head); and K and V of all heads of a layer.
  [[nodiscard]] std::size_t head_block() const { return product(head_stride, static_cast<int>(kBlockPositions)); }
  [[nodiscard]] std::size_t layer_block() const { return product(2, kv_heads) * head_block(); }
};

struct Layer {
  AlignedFloats input_norm, attention_norm;
  AlignedFloats query_norm, key_norm;  // [head_stride]; of size 0: heads are not normed
  PackedMatrix qkv;                    // q heads, k heads, v heads
  PackedMatrix output;
  PackedMatrix gate_up;  // 16 gates, then their 16 ups: whoever computes both applies SwiGLU at once
  PackedMatrix down;
};

struct PackedModel {
  // Precondition: check_weights(weights) is ok.
  explicit PackedModel(const Weights& weights);

  Shape shape;
  std::vector<Layer> layers;
  AlignedFloats embedding;  // [vocab][hidden_stride], plain rows
  AlignedFloats final_norm;
  PackedMatrix head;

  // Packed matrices of one layer.
  [[nodiscard]] std::size_t layer_bytes() const;
};

}  // namespace ipr::model
