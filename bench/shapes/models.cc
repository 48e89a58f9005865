#include "bench/shapes/models.h"

#include <bit>
#include <cmath>

#include "core/base/rng.h"

namespace ipr::bench {
namespace {

struct Widths {
  std::int64_t vocab, hidden, inner, layers, heads, kv_heads, positions;
};

model::LlamaConfig config_of(const Widths& widths, double rope_theta) {
  model::LlamaConfig config;
  config.vocab_size = widths.vocab;
  config.hidden_size = widths.hidden;
  config.intermediate_size = widths.inner;
  config.num_layers = widths.layers;
  config.num_heads = widths.heads;
  config.num_kv_heads = widths.kv_heads;
  config.head_dim = 128;
  config.max_positions = widths.positions;
  config.rope_theta = rope_theta;
  return config;
}

std::uint16_t bf16_of(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

}  // namespace

std::vector<NamedShape> real_shapes() {
  std::vector<NamedShape> shapes = {
      {"Llama-2-7B", config_of({32000, 4096, 11008, 32, 32, 32, 4096}, 1e4)},
      {"Llama-2-13B", config_of({32000, 5120, 13824, 40, 40, 40, 4096}, 1e4)},
      {"Llama-3-8B", config_of({128256, 4096, 14336, 32, 32, 8, 8192}, 5e5)},
      {"Mistral-7B", config_of({32000, 4096, 14336, 32, 32, 8, 32768}, 1e4)},
      {"Qwen2.5-7B", config_of({152064, 3584, 18944, 28, 28, 4, 32768}, 1e6)},
  };
  shapes[3].config.family = model::Family::kMistral;
  shapes[3].config.sliding_window = 4096;
  shapes[4].config.family = model::Family::kQwen2;
  shapes[4].config.qkv_bias = true;
  return shapes;
}

model::Weights random_bf16(const model::LlamaConfig& config, std::uint64_t seed) {
  constexpr double kDeviation = 0.02;
  const double width = kDeviation * std::sqrt(12.0);  // of a uniform distribution with that deviation
  model::Weights weights{config, {}, {}, {}};
  for (const auto& [name, shape] : model::expected_tensors(config)) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    const float plain = name.ends_with(".bias") ? 0.0f : 1.0f;
    const auto numbers = std::make_shared<std::vector<std::uint16_t>>(static_cast<std::size_t>(count), bf16_of(plain));
    if (shape.size() == 2) {
      Rng rng(mix(seed, static_cast<std::uint64_t>(count)));
      for (std::uint16_t& number : *numbers) number = bf16_of(static_cast<float>((rng.uniform() - 0.5) * width));
    }
    const char* const bytes = reinterpret_cast<const char*>(numbers->data());
    weights.tensors[name] = {shape, model::Values(model::ElementType::kBF16, bytes, numbers->size(), numbers)};
  }
  return weights;
}

}  // namespace ipr::bench
