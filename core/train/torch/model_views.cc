#include "core/train/torch/model_views.h"

#include <cstdlib>

namespace ipr::train {
namespace {

constexpr std::int64_t kAlignment = 16;  // floats

std::int64_t aligned(std::int64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

Linear make_linear(const std::string& prefix, std::vector<const char*> modules, bool bias, const TensorSource& source) {
  const auto names = [&](const char* kind) {
    std::vector<std::string> all;
    for (const char* module : modules) all.push_back(prefix + module + kind);
    return all;
  };
  Linear linear;
  linear.weight = source(names(".weight"));
  if (bias) linear.bias = source(names(".bias"));
  return linear;
}

// The product that holds `module` ("model.layers.0.mlp.up_proj"), and the module's first row in it.
struct Place {
  Linear* linear = nullptr;
  std::int64_t first_row = 0;
};

Place place_of(ModelViews& views, const model::LlamaConfig& config, const std::string& module) {
  static const std::string kPrefix = "model.layers.";
  LayerViews& layer = views.layers.at(std::strtoul(module.c_str() + kPrefix.size(), nullptr, 10));
  const std::string name = module.substr(module.rfind('.') + 1);
  const std::int64_t query = config.num_heads * config.head_dim, key = config.num_kv_heads * config.head_dim;
  if (name == "q_proj") return {&layer.qkv, 0};
  if (name == "k_proj") return {&layer.qkv, query};
  if (name == "v_proj") return {&layer.qkv, query + key};
  if (name == "o_proj") return {&layer.output, 0};
  if (name == "gate_proj") return {&layer.gate_up, 0};
  if (name == "up_proj") return {&layer.gate_up, config.intermediate_size};
  return {&layer.down, 0};
}

}  // namespace

ModelViews make_views(const model::LlamaConfig& config, const TensorSource& source) {
  ModelViews views;
  views.embedding = source({"model.embed_tokens.weight"});
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = "model.layers." + std::to_string(i) + ".";
    LayerViews& layer = views.layers.emplace_back();
    layer.input_norm = source({prefix + "input_layernorm.weight"});
    layer.qkv = make_linear(prefix + "self_attn.", {"q_proj", "k_proj", "v_proj"}, config.qkv_bias, source);
    if (config.qk_norm) {
      layer.q_norm = source({prefix + "self_attn.q_norm.weight"});
      layer.k_norm = source({prefix + "self_attn.k_norm.weight"});
    }
    layer.output = make_linear(prefix + "self_attn.", {"o_proj"}, config.output_bias, source);
    layer.post_norm = source({prefix + "post_attention_layernorm.weight"});
    layer.gate_up = make_linear(prefix + "mlp.", {"gate_proj", "up_proj"}, config.mlp_bias, source);
    layer.down = make_linear(prefix + "mlp.", {"down_proj"}, config.mlp_bias, source);
  }
  views.norm = source({"model.norm.weight"});
  views.head = config.tie_word_embeddings ? views.embedding : source({"lm_head.weight"});
  return views;
}

std::string lora_a_name(const std::string& module) {
  return module + ".lora_A.weight";
}

std::string lora_b_name(const std::string& module) {
  return module + ".lora_B.weight";
}

void add_value_head(ModelViews& views, const TensorSource& source) {
  views.value_weight = source({model::kValueWeight});
  views.value_bias = source({model::kValueBias});
}

void add_adapters(ModelViews& views, const model::LlamaConfig& config, const model::Lora& lora,
                  const TensorSource& source) {
  for (const auto& [module, pair] : lora.pairs) {
    const Place place = place_of(views, config, module);
    place.linear->scale = lora.scale();
    place.linear->adapters.push_back({source({lora_a_name(module)}), source({lora_b_name(module)}), place.first_row});
  }
}

Layout::Layout(const model::LlamaConfig& config) {
  const auto shapes = model::expected_tensors(config);
  (void)make_views(config, [&](const std::vector<std::string>& names) {
    add(names, shapes);
    return at::Tensor();
  });
  size_ = aligned(size_);
}

Layout::Layout(const model::Lora& lora) {
  for (const auto& [module, pair] : lora.pairs) {
    add({lora_a_name(module)}, {{lora_a_name(module), pair.a.shape}});
    add({lora_b_name(module)}, {{lora_b_name(module), pair.b.shape}});
  }
  size_ = aligned(size_);
}

void Layout::add_value_head(const model::LlamaConfig& config) {
  add({model::kValueWeight}, {{model::kValueWeight, {1, config.hidden_size}}});
  add({model::kValueBias}, {{model::kValueBias, {1}}});
  size_ = aligned(size_);
}

void Layout::add(const std::vector<std::string>& names,
                 const std::map<std::string, std::vector<std::int64_t>>& shapes) {
  size_ = aligned(size_);
  for (const std::string& name : names) {
    const std::vector<std::int64_t>& shape = shapes.at(name);
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    index_[name] = parameters_.size();
    parameters_.push_back({name, shape, size_, count});
    size_ += count;
  }
}

TensorSource Layout::source(const at::Tensor& flat) const {
  return [this, flat](const std::vector<std::string>& names) {
    const Parameter& first = parameters_[index_.at(names.front())];
    std::int64_t count = 0;
    for (const std::string& name : names) count += parameters_[index_.at(name)].size;
    const at::Tensor values = flat.narrow(0, first.offset, count);
    return first.shape.size() == 1 ? values : values.view({-1, first.shape[1]});
  };
}

}  // namespace ipr::train
