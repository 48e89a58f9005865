#include "core/model/packed_model.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>

namespace ipr::model {
namespace {

AlignedFloats padded_copy(const Weights& weights, const std::string& name) {
  const Values& values = weights.tensors.at(name).values;
  AlignedFloats copy(product(1, padded(static_cast<int>(values.size()))));
  values.read(0, {copy.data(), values.size()});
  return copy;
}

// A product's weights [out, columns] and, where the model has one, its bias.
struct Part {
  const Values& matrix;
  int columns;
  std::optional<Values> bias;

  void read(int row, std::span<float> out) const { matrix.read(product(row, columns), out); }
  [[nodiscard]] float bias_at(int row) const { return (*bias)[static_cast<std::size_t>(row)]; }
};

Part part_of(const Weights& weights, const std::string& name) {
  const Tensor& matrix = weights.tensors.at(name + ".weight");
  Part part{matrix.values, static_cast<int>(matrix.shape[1]), {}};
  if (const auto bias = weights.tensors.find(name + ".bias"); bias != weights.tensors.end())
    part.bias = bias->second.values.as_f32();
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
    const int head = row / shape.head_stride;
    const auto at = [&](const Part& part, int first_head) {
      return From{part, shape.head_row(row - first_head * shape.head_stride)};
    };
    if (head < shape.heads) return at(q, 0);
    return head < shape.heads + shape.kv_heads ? at(k, shape.heads) : at(v, shape.heads + shape.kv_heads);
  };
  PackedMatrix packed = pack(shape.qkv_width, shape.hidden, shape.width, [&](int row, std::span<float> values) {
    if (const From place = from(row); place.row >= 0) place.part.read(place.row, values);
  });
  for (const Part* part : {&q, &k, &v}) part->matrix.forget();
  if (q.bias) {
    pack_bias(packed, shape.qkv_width, [&](int row) {
      const From place = from(row);
      return place.row < 0 ? 0.0f : place.part.bias_at(place.row);
    });
  }
  return packed;
}

PackedMatrix pack_output(const Weights& weights, const std::string& prefix, const Shape& shape) {
  const Part output = part_of(weights, prefix + "self_attn.o_proj");
  PackedMatrix packed = pack(shape.hidden, shape.query_width, shape.width, [&](int row, std::span<float> values) {
    output.read(row, values.first(product(shape.heads, shape.head_dim)));
    shape.spread_heads(values);
  });
  output.matrix.forget();
  if (output.bias) pack_bias(packed, shape.hidden, [&](int row) { return output.bias_at(row); });
  return packed;
}

PackedMatrix pack_gate_up(const Weights& weights, const std::string& prefix, const Shape& shape) {
  const Part gate = part_of(weights, prefix + "mlp.gate_proj");
  const Part up = part_of(weights, prefix + "mlp.up_proj");
  const auto unit_of = [](int row) { return row / (2 * kLane) * kLane + row % kLane; };
  const auto part_at = [&](int row) -> const Part& { return row / kLane % 2 == 0 ? gate : up; };
  PackedMatrix packed = pack(2 * shape.inner_stride, shape.hidden, shape.width, [&](int row, std::span<float> values) {
    if (const int unit = unit_of(row); unit < shape.inner) part_at(row).read(unit, values);
  });
  for (const Part* part : {&gate, &up}) part->matrix.forget();
  if (gate.bias) {
    pack_bias(packed, 2 * shape.inner_stride, [&](int row) {
      const int unit = unit_of(row);
      return unit < shape.inner ? part_at(row).bias_at(unit) : 0.0f;
    });
  }
  return packed;
}

PackedMatrix pack_plain(const Part& part, int rows, Width width) {
  PackedMatrix packed =
      pack(rows, part.columns, width, [&](int row, std::span<float> values) { part.read(row, values); });
  part.matrix.forget();
  if (part.bias) pack_bias(packed, rows, [&](int row) { return part.bias_at(row); });
  return packed;
}

Layer pack_layer(const Weights& weights, int index, const Shape& shape) {
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  Layer layer;
  layer.input_norm = padded_copy(weights, prefix + "input_layernorm.weight");
  layer.attention_norm = padded_copy(weights, prefix + "post_attention_layernorm.weight");
  if (weights.config.qk_norm) {
    layer.query_norm = padded_copy(weights, prefix + "self_attn.q_norm.weight");
    layer.key_norm = padded_copy(weights, prefix + "self_attn.k_norm.weight");
  }
  layer.qkv = pack_qkv(weights, prefix, shape);
  layer.output = pack_output(weights, prefix, shape);
  layer.gate_up = pack_gate_up(weights, prefix, shape);
  layer.down = pack_plain(part_of(weights, prefix + "mlp.down_proj"), shape.hidden, shape.width);
  return layer;
}

std::size_t floats_of(const PackedMatrix& matrix) {
  return matrix.values.size() + matrix.bias.size();
}

}  // namespace

void Shape::spread_heads(std::span<float> values) const {
  for (int head = heads - 1; head >= 0; --head) {  // the last first: a head never lands on one that is still to move
    float* const to = values.data() + product(head, head_stride);
    std::memmove(to, values.data() + product(head, head_dim), product(head_dim, sizeof(float)));
    std::fill(to + head_dim, to + head_stride, 0.0f);
  }
}

PackedModel::PackedModel(const Weights& weights, Width width) : shape(weights.config, width) {
  for (int i = 0; i < static_cast<int>(weights.config.num_layers); ++i) layers.push_back(pack_layer(weights, i, shape));
  embedding = weights.tensors.at("model.embed_tokens.weight").values;
  head = pack_plain(part_of(weights, weights.config.tie_word_embeddings ? "model.embed_tokens" : "lm_head"),
                    shape.vocab, width);
  final_norm = padded_copy(weights, "model.norm.weight");
  for (const auto& [name, tensor] : weights.tensors) origin_.push_back(tensor.values.identity());
}

std::size_t PackedModel::layer_bytes() const {
  const Layer& layer = layers.front();
  return sizeof(float) * (layer.qkv.values.size() + layer.output.values.size() + layer.gate_up.values.size() +
                          layer.down.values.size());
}

std::size_t PackedModel::bytes() const {
  std::size_t floats = final_norm.size() + floats_of(head);
  for (const Layer& layer : layers) {
    floats += layer.input_norm.size() + layer.attention_norm.size() + layer.query_norm.size() + layer.key_norm.size();
    for (const PackedMatrix* matrix : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down})
      floats += floats_of(*matrix);
  }
  return floats * sizeof(float);
}

std::size_t packed_bytes(const LlamaConfig& config, Width width) {
  const Shape shape(config, width);
  const int hidden = padded(shape.hidden);
  std::size_t layer = packed_floats(shape.qkv_width + 2 * shape.inner_stride, shape.hidden, width) +
                      packed_floats(shape.hidden, shape.query_width, width) +
                      packed_floats(shape.hidden, shape.inner, width) + product(2, hidden);
  const auto add = [&](bool there, int size) { layer += there ? product(size, 1) : 0; };
  add(config.qk_norm, 2 * padded(shape.head_dim));
  add(config.qkv_bias, shape.qkv_width);
  add(config.output_bias, hidden);
  add(config.mlp_bias, 2 * shape.inner_stride + hidden);
  const std::size_t outside = packed_floats(shape.vocab, shape.hidden, width) + product(hidden, 1);
  return sizeof(float) * (static_cast<std::size_t>(config.num_layers) * layer + outside);
}

bool PackedModel::is_of(const Weights& weights, Width width) const {
  return shape == Shape(weights.config, width) &&
         std::equal(origin_.begin(), origin_.end(), weights.tensors.begin(), weights.tensors.end(),
                    [](const std::weak_ptr<const void>& identity, const auto& named) {
                      const std::weak_ptr<const void> other = named.second.values.identity();
                      return !identity.owner_before(other) && !other.owner_before(identity);
                    });
}

std::shared_ptr<const PackedModel> packed_base(const Weights& weights, Width width) {
  // The one state of the process here: which bases are packed at present. It keeps none alive and changes no answer.
  static std::mutex mutex;
  static std::vector<std::weak_ptr<const PackedModel>> present;
  const std::lock_guard lock(mutex);  // while one packs, too: the next may want the same
  std::erase_if(present, [](const auto& model) { return model.expired(); });
  for (const auto& held : present) {
    if (auto model = held.lock(); model && model->is_of(weights, width)) return model;
  }
  auto model = std::make_shared<const PackedModel>(weights, width);
  present.push_back(model);
  return model;
}

}  // namespace ipr::model
