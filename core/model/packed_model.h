// A model's weights as the engine reads them: packed and padded. Internal to the engine.
//
// Immutable. Four bytes per weight, in bf16 two, but for the embedding, of which only the rows of a step's tokens are
// read: it stays as it is.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/model/config.h"
#include "core/model/engine.h"
#include "core/model/packed.h"
#include "core/model/weights.h"

namespace ipr::model {

[[nodiscard]] constexpr std::size_t product(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

// Sizes of one layer's vectors, all padded to the width's unit so that kernels never meet a remainder. A head's padding
// is zero in q, k and v because its weight columns are.
struct Shape {
  Shape(const LlamaConfig& config, Width of_width)
      : width(of_width),
        hidden(static_cast<int>(config.hidden_size)),
        hidden_stride(padded(hidden, unit(width))),
        inner(static_cast<int>(config.intermediate_size)),
        inner_stride(padded(inner, unit(width))),
        heads(static_cast<int>(config.num_heads)),
        kv_heads(static_cast<int>(config.num_kv_heads)),
        head_dim(static_cast<int>(config.head_dim)),
        head_stride(padded(head_dim, unit(width))),
        query_width(heads * head_stride),
        qkv_width((heads + 2 * kv_heads) * head_stride),
        vocab(static_cast<int>(config.vocab_size)) {}

  Width width;
  int hidden, hidden_stride, inner, inner_stride, heads, kv_heads, head_dim, head_stride, query_width, qkv_width, vocab;

  // K, or V, of 32 positions of one (layer, kv head); and K and V of all heads of a layer. In floats' sizes.
  [[nodiscard]] std::size_t head_block() const {
    return product(head_stride, kBlockPositions) * bytes_of(width) / sizeof(float);
  }
  [[nodiscard]] std::size_t layer_block() const { return product(2, kv_heads) * head_block(); }

  // The row of a q, k or v matrix that is row `row` of its padded heads; -1 for a head's padding.
  [[nodiscard]] int head_row(int row) const {
    const int dim = row % head_stride;
    return dim < head_dim ? row / head_stride * head_dim + dim : -1;
  }
  // [heads][head_dim] at the beginning of `values` becomes [heads][head_stride].
  void spread_heads(std::span<float> values) const;

  friend bool operator==(const Shape&, const Shape&) = default;
};

struct Layer {
  AlignedFloats input_norm, attention_norm;
  AlignedFloats query_norm, key_norm;  // [head_stride]; of size 0: heads are not normed
  PackedMatrix qkv;                    // q heads, k heads, v heads
  PackedMatrix output;
  PackedMatrix gate_up;  // 16 gates, then their 16 ups: whoever computes both applies SwiGLU at once
  PackedMatrix down;
};

class PackedModel {
 public:
  // Of the base alone, weights.tensors. Precondition: check_weights(weights) is ok.
  PackedModel(const Weights& weights, Width width);

  Shape shape;
  std::vector<Layer> layers;
  Values embedding;  // [vocab][hidden], as given
  AlignedFloats final_norm;
  PackedMatrix head;

  // Packed matrices of one layer.
  [[nodiscard]] std::size_t layer_bytes() const;
  // Of everything that is packed.
  [[nodiscard]] std::size_t bytes() const;
  // Made of these very tensors (the same memory, not equal numbers) in this width?
  [[nodiscard]] bool is_of(const Weights& weights, Width width) const;

 private:
  std::vector<std::weak_ptr<const void>> origin_;  // identities of the tensors, in their order
};

// PackedModel::bytes() of such a model.
[[nodiscard]] std::size_t packed_bytes(const LlamaConfig& config, Width width);

// The packed base of `weights`. All engines of a width in the process whose weights share their tensors share it, and
// it goes with the last of them. Thread-safe.
[[nodiscard]] std::shared_ptr<const PackedModel> packed_base(const Weights& weights, Width width);

}  // namespace ipr::model
