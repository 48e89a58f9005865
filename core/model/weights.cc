#include "core/model/weights.h"

#include <algorithm>
#include <cmath>

#include "core/base/hash.h"
#include "core/base/rng.h"

namespace ipr::model {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

// Normal(0, 1) by Leva's ratio of uniforms (ACM TOMS 18, 1992). The result is one exact division; log decides only
// whether to draw again, so that machines with different math libraries agree.
double normal(Rng& rng) {
  for (;;) {
    const double u = 1 - rng.uniform();
    const double v = 1.7156 * (rng.uniform() - 0.5);
    const double x = u - 0.449871;
    const double y = std::abs(v) + 0.386595;
    const double q = x * x + y * (0.19600 * y - 0.25472 * x);
    if (q < 0.27597 || (q <= 0.27846 && v * v <= -4 * std::log(u) * u * u)) return v / u;
  }
}

}  // namespace

std::map<std::string, std::vector<std::int64_t>> expected_tensors(const LlamaConfig& config) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t query = config.num_heads * config.head_dim;
  const std::int64_t key = config.num_kv_heads * config.head_dim;
  std::map<std::string, std::vector<std::int64_t>> shapes;
  shapes["model.embed_tokens.weight"] = {config.vocab_size, hidden};
  shapes["model.norm.weight"] = {hidden};
  if (!config.tie_word_embeddings) shapes["lm_head.weight"] = {config.vocab_size, hidden};
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    shapes[prefix + "input_layernorm.weight"] = {hidden};
    shapes[prefix + "post_attention_layernorm.weight"] = {hidden};
    shapes[prefix + "self_attn.q_proj.weight"] = {query, hidden};
    shapes[prefix + "self_attn.k_proj.weight"] = {key, hidden};
    shapes[prefix + "self_attn.v_proj.weight"] = {key, hidden};
    shapes[prefix + "self_attn.o_proj.weight"] = {hidden, query};
    shapes[prefix + "mlp.gate_proj.weight"] = {config.intermediate_size, hidden};
    shapes[prefix + "mlp.up_proj.weight"] = {config.intermediate_size, hidden};
    shapes[prefix + "mlp.down_proj.weight"] = {hidden, config.intermediate_size};
    if (config.qkv_bias) {
      shapes[prefix + "self_attn.q_proj.bias"] = {query};
      shapes[prefix + "self_attn.k_proj.bias"] = {key};
      shapes[prefix + "self_attn.v_proj.bias"] = {key};
    }
    if (config.output_bias) shapes[prefix + "self_attn.o_proj.bias"] = {hidden};
    if (config.mlp_bias) {
      shapes[prefix + "mlp.gate_proj.bias"] = {config.intermediate_size};
      shapes[prefix + "mlp.up_proj.bias"] = {config.intermediate_size};
      shapes[prefix + "mlp.down_proj.bias"] = {hidden};
    }
    if (config.qk_norm) {
      shapes[prefix + "self_attn.q_norm.weight"] = {config.head_dim};
      shapes[prefix + "self_attn.k_norm.weight"] = {config.head_dim};
    }
  }
  return shapes;
}

Status check_shapes(const LlamaConfig& config, const std::map<std::string, std::vector<std::int64_t>>& found,
                    const std::string& source) {
  const auto expected = expected_tensors(config);
  for (const auto& [name, shape] : expected) {
    const auto tensor = found.find(name);
    if (tensor == found.end()) return bad_data(source + ": tensor " + name + " is missing; its config demands it");
    if (tensor->second != shape) {
      return bad_data(source + ": tensor " + name + ": expected shape " + shape_text(shape) + ", found " +
                      shape_text(tensor->second) + "; weights and config belong to different models");
    }
  }
  for (const auto& [name, shape] : found) {
    if (!expected.contains(name)) {
      return bad_data(source + ": tensor " + name +
                      " is not part of a Llama model of this config; wrong model or config.json");
    }
  }
  return {};
}

Status check_weights(const Weights& weights, const std::string& source) {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& [name, tensor] : weights.tensors) shapes[name] = tensor.shape;
  IPR_TRY(check_shapes(weights.config, shapes, source));
  for (const auto& [name, tensor] : weights.tensors) {
    if (static_cast<std::int64_t>(tensor.values.size()) != element_count(tensor.shape)) {
      return bad_data(source + ": tensor " + name + ": shape " + shape_text(tensor.shape) + " with " +
                      std::to_string(tensor.values.size()) + " values");
    }
  }
  if (weights.value_head) IPR_TRY(check_value_head(weights.config, *weights.value_head, source));
  return weights.lora ? check_lora(weights.config, *weights.lora, source) : Status();
}

Weights random_weights(const LlamaConfig& config, std::uint64_t seed, double std) {
  Weights weights{config, {}, {}, {}};
  for (const auto& [name, shape] : expected_tensors(config)) {
    std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
    if (shape.size() == 1) std::fill(values.begin(), values.end(), name.ends_with(".bias") ? 0.0f : 1.0f);
    if (shape.size() == 2) {
      Rng rng(mix(seed, fnv1a64(name)));  // a stream per tensor: a tensor more or less leaves the others as they are
      for (float& value : values) value = static_cast<float>(std * normal(rng));
    }
    weights.tensors.emplace(name, Tensor{shape, std::move(values)});
  }
  return weights;
}

}  // namespace ipr::model
