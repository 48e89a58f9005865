#include "core/model/packed_model.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace ipr::model {
namespace {

const std::vector<float>& values_of(const Weights& weights, const std::string& name) {
  return weights.tensors.at(name).values;
}

AlignedFloats padded_copy(const std::vector<float>& values) {
  AlignedFloats copy(product(1, padded(static_cast<int>(values.size()))));
  std::copy(values.begin(), values.end(), copy.data());
  return copy;
}

PackedMatrix pack_qkv(const Weights& weights, const std::string& prefix, const Shape& shape) {
  const auto& q = values_of(weights, prefix + "self_attn.q_proj.weight");
  const auto& k = values_of(weights, prefix + "self_attn.k_proj.weight");
  const auto& v = values_of(weights, prefix + "self_attn.v_proj.weight");
  return pack(shape.qkv_width, shape.hidden, [&](int row, int i) {
    const int dim = row % shape.head_stride;
    if (dim >= shape.head_dim) return 0.0f;
    const int head = row / shape.head_stride;
    const auto from = [&](const std::vector<float>& matrix, int h) {
      return matrix[product(h * shape.head_dim + dim, shape.hidden) + static_cast<std::size_t>(i)];
    };
    if (head < shape.heads) return from(q, head);
    return head < shape.heads + shape.kv_heads ? from(k, head - shape.heads)
                                               : from(v, head - shape.heads - shape.kv_heads);
  });
}

Layer pack_layer(const Weights& weights, int index, const Shape& shape) {
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  const auto& output = values_of(weights, prefix + "self_attn.o_proj.weight");
  const auto& gate = values_of(weights, prefix + "mlp.gate_proj.weight");
  const auto& up = values_of(weights, prefix + "mlp.up_proj.weight");
  const auto& down = values_of(weights, prefix + "mlp.down_proj.weight");
  Layer layer;
  layer.input_norm = padded_copy(values_of(weights, prefix + "input_layernorm.weight"));
  layer.attention_norm = padded_copy(values_of(weights, prefix + "post_attention_layernorm.weight"));
  layer.qkv = pack_qkv(weights, prefix, shape);
  layer.output = pack(shape.hidden, shape.query_width, [&](int row, int i) {
    const int dim = i % shape.head_stride;
    const int head = i / shape.head_stride;
    return dim < shape.head_dim ? output[product(row, shape.heads * shape.head_dim) + product(head, shape.head_dim) +
                                         static_cast<std::size_t>(dim)]
                                : 0.0f;
  });
  layer.gate_up = pack(2 * shape.inner_stride, shape.hidden, [&](int row, int i) {
    const int unit = row / (2 * kLane) * kLane + row % kLane;
    const auto& matrix = row / kLane % 2 == 0 ? gate : up;
    return unit < shape.inner ? matrix[product(unit, shape.hidden) + static_cast<std::size_t>(i)] : 0.0f;
  });
  layer.down = pack(shape.hidden, shape.inner,
                    [&](int row, int i) { return down[product(row, shape.inner) + static_cast<std::size_t>(i)]; });
  return layer;
}

}  // namespace

RopeTable::RopeTable(const LlamaConfig& config) : half(static_cast<int>(config.head_dim) / 2) {
  const auto positions = static_cast<int>(config.max_positions);
  cos.resize(product(positions, half));
  sin.resize(product(positions, half));
  for (int i = 0; i < half; ++i) {
    const auto exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
    const float frequency = 1.0f / static_cast<float>(std::pow(config.rope_theta, static_cast<double>(exponent)));
    for (int p = 0; p < positions; ++p) {
      const float angle = static_cast<float>(p) * frequency;
      cos[product(p, half) + static_cast<std::size_t>(i)] = static_cast<float>(std::cos(static_cast<double>(angle)));
      sin[product(p, half) + static_cast<std::size_t>(i)] = static_cast<float>(std::sin(static_cast<double>(angle)));
    }
  }
}

PackedModel::PackedModel(const Weights& weights) : shape(weights.config), rope(weights.config) {
  for (int i = 0; i < static_cast<int>(weights.config.num_layers); ++i) layers.push_back(pack_layer(weights, i, shape));
  const auto& rows = values_of(weights, "model.embed_tokens.weight");
  embedding = AlignedFloats(product(shape.vocab, shape.hidden_stride));
  for (int id = 0; id < shape.vocab; ++id) {
    std::copy_n(&rows[product(id, shape.hidden)], shape.hidden, embedding.data() + product(id, shape.hidden_stride));
  }
  const auto& columns = weights.config.tie_word_embeddings ? rows : values_of(weights, "lm_head.weight");
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
