#include "core/model/packed_model.h"

#include <algorithm>
#include <optional>
#include <string>

namespace ipr::model {
namespace {

Values values_of(const Weights& weights, const std::string& name) {
  return weights.tensors.at(name).values.as_f32();
}

AlignedFloats padded_copy(const Values& values) {
  AlignedFloats copy(product(1, padded(static_cast<int>(values.size()))));
  std::copy(values.begin(), values.end(), copy.data());
  return copy;
}

// A product's weights and, where the model has one, its bias.
struct Part {
  Values matrix;
  std::optional<Values> bias;
};

Part part_of(const Weights& weights, const std::string& name) {
  Part part{values_of(weights, name + ".weight"), {}};
  if (weights.tensors.contains(name + ".bias")) part.bias = values_of(weights, name + ".bias");
  return part;
}

template <typename At>
void pack_bias(PackedMatrix& packed, int rows, const At& at) {
  packed.bias = AlignedFloats(product(packed.blocks, kLane));
  for (int row = 0; row < rows; ++row) packed.bias.data()[row] = at(row);
}

PackedMatrix pack_qkv(const Weights& weights, const std::string& prefix, const Shape& shape) {
  const Part q = part_of(weights, prefix + "self_attn.q_proj");
  const Part k = part_of(weights, prefix + "self_attn.k_proj");
  const Part v = part_of(weights, prefix + "self_attn.v_proj");
  // The part that packed row `row` comes from, and its row there; -1 for a head's padding.
  struct From {
    const Part& part;
    int row;
  };
  const auto from = [&](int row) -> From {
    const int dim = row % shape.head_stride;
    const int head = row / shape.head_stride;
    const auto at = [&](const Part& part, int h) {
      return From{part, dim < shape.head_dim ? h * shape.head_dim + dim : -1};
    };
    if (head < shape.heads) return at(q, head);
    return head < shape.heads + shape.kv_heads ? at(k, head - shape.heads) : at(v, head - shape.heads - shape.kv_heads);
  };
  PackedMatrix packed = pack(shape.qkv_width, shape.hidden, [&](int row, int i) {
    const From place = from(row);
    return place.row < 0 ? 0.0f : place.part.matrix[product(place.row, shape.hidden) + static_cast<std::size_t>(i)];
  });
  if (q.bias) {
    pack_bias(packed, shape.qkv_width, [&](int row) {
      const From place = from(row);
      return place.row < 0 ? 0.0f : (*place.part.bias)[static_cast<std::size_t>(place.row)];
    });
  }
  return packed;
}

PackedMatrix pack_output(const Weights& weights, const std::string& prefix, const Shape& shape) {
  const Part output = part_of(weights, prefix + "self_attn.o_proj");
  PackedMatrix packed = pack(shape.hidden, shape.query_width, [&](int row, int i) {
    const int dim = i % shape.head_stride;
    const int head = i / shape.head_stride;
    return dim < shape.head_dim ? output.matrix[product(row, shape.heads * shape.head_dim) +
                                                product(head, shape.head_dim) + static_cast<std::size_t>(dim)]
                                : 0.0f;
  });
  if (output.bias)
    pack_bias(packed, shape.hidden, [&](int row) { return (*output.bias)[static_cast<std::size_t>(row)]; });
  return packed;
}

PackedMatrix pack_gate_up(const Weights& weights, const std::string& prefix, const Shape& shape) {
  const Part gate = part_of(weights, prefix + "mlp.gate_proj");
  const Part up = part_of(weights, prefix + "mlp.up_proj");
  const auto unit_of = [](int row) { return row / (2 * kLane) * kLane + row % kLane; };
  const auto part_at = [&](int row) -> const Part& { return row / kLane % 2 == 0 ? gate : up; };
  PackedMatrix packed = pack(2 * shape.inner_stride, shape.hidden, [&](int row, int i) {
    const int unit = unit_of(row);
    return unit < shape.inner ? part_at(row).matrix[product(unit, shape.hidden) + static_cast<std::size_t>(i)] : 0.0f;
  });
  if (gate.bias) {
    pack_bias(packed, 2 * shape.inner_stride, [&](int row) {
      const int unit = unit_of(row);
      return unit < shape.inner ? (*part_at(row).bias)[static_cast<std::size_t>(unit)] : 0.0f;
    });
  }
  return packed;
}

PackedMatrix pack_down(const Weights& weights, const std::string& prefix, const Shape& shape) {
  const Part down = part_of(weights, prefix + "mlp.down_proj");
  PackedMatrix packed = pack(shape.hidden, shape.inner, [&](int row, int i) {
    return down.matrix[product(row, shape.inner) + static_cast<std::size_t>(i)];
  });
  if (down.bias) pack_bias(packed, shape.hidden, [&](int row) { return (*down.bias)[static_cast<std::size_t>(row)]; });
  return packed;
}

Layer pack_layer(const Weights& weights, int index, const Shape& shape) {
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  Layer layer;
  layer.input_norm = padded_copy(values_of(weights, prefix + "input_layernorm.weight"));
  layer.attention_norm = padded_copy(values_of(weights, prefix + "post_attention_layernorm.weight"));
  if (weights.config.qk_norm) {
    layer.query_norm = padded_copy(values_of(weights, prefix + "self_attn.q_norm.weight"));
    layer.key_norm = padded_copy(values_of(weights, prefix + "self_attn.k_norm.weight"));
  }
  layer.qkv = pack_qkv(weights, prefix, shape);
  layer.output = pack_output(weights, prefix, shape);
  layer.gate_up = pack_gate_up(weights, prefix, shape);
  layer.down = pack_down(weights, prefix, shape);
  return layer;
}

}  // namespace

PackedModel::PackedModel(const Weights& weights) : shape(weights.config) {
  for (int i = 0; i < static_cast<int>(weights.config.num_layers); ++i) layers.push_back(pack_layer(weights, i, shape));
  const Values rows = values_of(weights, "model.embed_tokens.weight");
  embedding = AlignedFloats(product(shape.vocab, shape.hidden_stride));
  for (int id = 0; id < shape.vocab; ++id) {
    std::copy_n(&rows[product(id, shape.hidden)], shape.hidden, embedding.data() + product(id, shape.hidden_stride));
  }
  const Values columns = weights.config.tie_word_embeddings ? rows : values_of(weights, "lm_head.weight");
  head = pack(shape.vocab, shape.hidden,
              [&](int row, int i) { return columns[product(row, shape.hidden) + static_cast<std::size_t>(i)]; });
  final_norm = padded_copy(values_of(weights, "model.norm.weight"));
}

std::size_t PackedModel::layer_bytes() const {
  const Layer& layer = layers.front();
  return sizeof(float) * (layer.qkv.values.size() + layer.output.values.size() + layer.gate_up.values.size() +
                          layer.down.values.size());
}

}  // namespace ipr::model
