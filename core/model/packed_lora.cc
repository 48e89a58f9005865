#include "core/model/packed_lora.h"

#include <algorithm>
#include <string>

namespace ipr::model {
namespace {

// A module's place in its product.
struct Place {
  const char* module;
  int outputs;  // packed: with the heads' padding
  int first_block, block_step;
};

class Packer {
 public:
  Packer(const Lora& lora, const Shape& shape)
      : lora_(lora), shape_(shape), rank_(static_cast<int>(lora.rank)), scale_(lora.scale()) {}

  [[nodiscard]] LayerChange layer(std::size_t index) const {
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    const int query = shape_.query_width, key = shape_.kv_heads * shape_.head_stride;
    return {change(prefix, shape_.hidden,
                   {{"self_attn.q_proj", query, 0, 1},
                    {"self_attn.k_proj", key, query / kLane, 1},
                    {"self_attn.v_proj", key, (query + key) / kLane, 1}}),
            change(prefix, shape_.query_width, {{"self_attn.o_proj", shape_.hidden, 0, 1}}),
            change(prefix, shape_.hidden, {{"mlp.gate_proj", shape_.inner, 0, 2}, {"mlp.up_proj", shape_.inner, 1, 2}}),
            change(prefix, shape_.inner, {{"mlp.down_proj", shape_.hidden, 0, 1}})};
  }

 private:
  // Of a product of `inputs` values, the heads' padding included.
  [[nodiscard]] ProductChange change(const std::string& prefix, int inputs, const std::vector<Place>& places) const {
    ProductChange change;
    std::vector<const Values*> a;
    for (const Place& place : places) {
      const auto pair = lora_.pairs.find(prefix + place.module);
      if (pair == lora_.pairs.end()) continue;
      const int column = static_cast<int>(a.size()) * rank_;
      change.parts.push_back({column, place.first_block, place.block_step, packed_b(pair->second.b.values, place)});
      a.push_back(&pair->second.a.values);
    }
    change.a = pack(static_cast<int>(a.size()) * rank_, inputs, shape_.width, [&](int row, std::span<float> values) {
      const Values& part = *a[static_cast<std::size_t>(row / rank_)];
      const std::size_t stored = part.size() / static_cast<std::size_t>(rank_);
      part.read(static_cast<std::size_t>(row % rank_) * stored, values.first(stored));
      if (stored < values.size()) shape_.spread_heads(values);
    });
    return change;
  }

  [[nodiscard]] PackedMatrix packed_b(const Values& b, const Place& place) const {
    const bool in_heads = b.size() < product(place.outputs, rank_);
    return pack(place.outputs, rank_, shape_.width, [&](int row, std::span<float> values) {
      const int stored = in_heads ? shape_.head_row(row) : row;
      if (stored < 0) return;
      b.read(product(stored, rank_), values);
      for (float& value : values) value = static_cast<float>(scale_ * static_cast<double>(value));
    });
  }

  const Lora& lora_;
  const Shape& shape_;
  const int rank_;
  const double scale_;
};

}  // namespace

PackedLora::PackedLora(const std::optional<Lora>& lora, const Shape& shape, std::size_t layer_count)
    : layers(layer_count) {
  if (!lora) return;
  const Packer packer(*lora, shape);
  for (std::size_t i = 0; i < layer_count; ++i) {
    layers[i] = packer.layer(i);
    for (const ProductChange* change : {&layers[i].qkv, &layers[i].output, &layers[i].gate_up, &layers[i].down})
      width = std::max(width, change->a.blocks * kLane);
  }
}

std::size_t PackedLora::bytes() const {
  std::size_t floats = 0;
  for (const LayerChange& layer : layers) {
    for (const ProductChange* change : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down}) {
      floats += change->a.values.size();
      for (const ProductChange::Part& part : change->parts) floats += part.b.values.size();
    }
  }
  return floats * sizeof(float);
}

std::size_t packed_lora_bytes(const LlamaConfig& config, int rank, Width width) {
  const Shape shape(config, width);
  const auto floats = [&](int rows, int k) { return packed_floats(rows, k, width); };
  const std::size_t a = floats(3 * rank, shape.hidden) + floats(2 * rank, shape.hidden) +
                        floats(rank, shape.query_width) + floats(rank, shape.inner);
  const std::size_t b = floats(shape.qkv_width, rank) + 2 * floats(shape.hidden, rank) + 2 * floats(shape.inner, rank);
  return sizeof(float) * static_cast<std::size_t>(config.num_layers) * (a + b);
}

}  // namespace ipr::model
