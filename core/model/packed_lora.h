// A LoRA change (lora.h) as the engine reads it: what is added to each product of a layer. Internal to the engine, and
// its own: the base beneath (packed_model.h) is shared.
//
// Immutable value; move only.
#pragma once

#include <optional>
#include <vector>

#include "core/model/lora.h"
#include "core/model/packed.h"
#include "core/model/packed_model.h"

namespace ipr::model {

// y = W x becomes W x + scale B (A x), module by module of those that W is made of.
struct ProductChange {
  struct Part {
    int column;       // of the product's A x: where the module's own begins
    int first_block;  // of the product: the module's first 16 outputs
    int block_step;   // to its next 16: 1, or 2 where gates and ups take turns
    PackedMatrix b;   // scale B
  };
  PackedMatrix a;           // of all parts, one below the other
  std::vector<Part> parts;  // empty: nothing is added
};

struct LayerChange {
  ProductChange qkv, output, gate_up, down;
};

struct PackedLora {
  // Without a change, layers to which nothing is added. Precondition: check_lora() is ok.
  PackedLora(const std::optional<Lora>& lora, const Shape& shape, std::size_t layer_count);

  std::vector<LayerChange> layers;
  int width = 0;  // of the widest A x, padded

  [[nodiscard]] std::size_t bytes() const;
};

// PackedLora::bytes() of a change of all linear layers.
[[nodiscard]] std::size_t packed_lora_bytes(const LlamaConfig& config, int rank, Width width);

}  // namespace ipr::model
