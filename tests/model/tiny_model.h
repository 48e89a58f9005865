// Models small enough for a unit test, awkward enough to show mistakes.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/rng.h"
#include "core/model/weights.h"

namespace ipr::test {

// Grouped heads, and no size a multiple of 16 except where asked: padding must not show.
inline model::LlamaConfig odd_config() {
  model::LlamaConfig config;
  config.vocab_size = 101;
  config.hidden_size = 36;
  config.intermediate_size = 50;
  config.num_layers = 2;
  config.num_heads = 6;
  config.num_kv_heads = 2;
  config.head_dim = 10;
  config.max_positions = 200;
  return config;
}

// The shape of the embedded default model, one layer's width smaller.
inline model::LlamaConfig mini_config() {
  model::LlamaConfig config;
  config.vocab_size = 96;
  config.hidden_size = 64;
  config.intermediate_size = 96;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 4;
  config.head_dim = 16;
  config.max_positions = 256;
  config.tie_word_embeddings = true;
  return config;
}

// What the families add to Llama's architecture, each where a unit test can reach it: windows end inside KV blocks and
// between them, scaled frequencies are of all kinds.
inline std::vector<model::LlamaConfig> family_configs() {
  model::LlamaConfig biased = odd_config();
  biased.qkv_bias = biased.output_bias = biased.mlp_bias = true;
  biased.rope_scaling = {model::RopeScaling::Kind::kLlama3, 8, 1, 4, 32};
  model::LlamaConfig mistral = mini_config();
  mistral.family = model::Family::kMistral;
  mistral.sliding_window = 20;
  mistral.rope_scaling = {model::RopeScaling::Kind::kLinear, 2.5};
  model::LlamaConfig qwen2 = odd_config();
  qwen2.family = model::Family::kQwen2;
  qwen2.qkv_bias = true;
  qwen2.sliding_window = 35;
  qwen2.windowed = {false, true};
  model::LlamaConfig qwen3 = mini_config();
  qwen3.family = model::Family::kQwen3;
  qwen3.head_dim = 22;  // heads together wider than the hidden size
  qwen3.num_kv_heads = 2;
  qwen3.qk_norm = true;
  qwen3.rope_scaling = {model::RopeScaling::Kind::kDynamic, 2};
  return {biased, mistral, qwen2, qwen3};
}

// Big random weights, so that logits differ clearly; norms differ from 1, biases from 0.
inline model::Weights tiny_weights(const model::LlamaConfig& config, std::uint64_t seed) {
  model::Weights weights = model::random_weights(config, seed, 0.2);
  Rng rng(seed);
  for (auto& [name, tensor] : weights.tensors) {
    if (tensor.shape.size() == 1) {
      for (float& value : tensor.values.edit()) value = static_cast<float>(0.8 + 0.4 * rng.uniform());
    }
  }
  return weights;
}

// A change of all linear layers that moves the logits clearly.
inline model::Lora tiny_lora(const model::LlamaConfig& config, std::int64_t rank, std::uint64_t seed) {
  model::Lora lora = model::fresh_lora(config, rank, seed);
  Rng rng(seed);
  for (auto& [module, pair] : lora.pairs) {
    for (float& value : pair.b.values.edit()) value = static_cast<float>(0.4 * rng.uniform() - 0.2);
  }
  return lora;
}

inline std::vector<std::int32_t> random_ids(std::size_t count, std::int64_t vocab, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::int32_t> ids(count);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(vocab)));
  return ids;
}

}  // namespace ipr::test
