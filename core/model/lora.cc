#include "core/model/lora.h"

#include <cmath>

#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/model/weights.h"

namespace ipr::model {
namespace {

std::size_t unsigned_of(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

bool has_shape(const Tensor& tensor, std::int64_t rows, std::int64_t columns) {
  return tensor.shape == std::vector<std::int64_t>{rows, columns} && tensor.values.type() == ElementType::kF32 &&
         tensor.values.size() == unsigned_of(rows * columns);
}

Values changed(const Values& base, const LoraPair& pair, LinearShape shape, double scale) {
  const std::size_t out = unsigned_of(shape.out), in = unsigned_of(shape.in);
  const std::size_t rank = pair.a.values.size() / in;
  std::vector<float> values(out * in);
  std::vector<double> change(in);
  for (std::size_t row = 0; row < out; ++row) {
    const std::span<float> line = std::span(values).subspan(row * in, in);
    base.read(row * in, line);
    std::fill(change.begin(), change.end(), 0.0);
    for (std::size_t r = 0; r < rank; ++r) {
      const double b = static_cast<double>(pair.b.values[row * rank + r]);
      const float* const a = pair.a.values.data() + r * in;
      for (std::size_t i = 0; i < in; ++i) change[i] += b * static_cast<double>(a[i]);
    }
    for (std::size_t i = 0; i < in; ++i) line[i] = static_cast<float>(static_cast<double>(line[i]) + scale * change[i]);
  }
  return values;
}

}  // namespace

double Lora::scale() const {
  return alpha / (rank_stabilized ? std::sqrt(static_cast<double>(rank)) : static_cast<double>(rank));
}

std::int64_t Lora::parameter_count() const {
  std::size_t count = 0;
  for (const auto& [module, pair] : pairs) count += pair.a.values.size() + pair.b.values.size();
  return static_cast<std::int64_t>(count);
}

std::map<std::string, LinearShape> linear_modules(const LlamaConfig& config) {
  const std::int64_t hidden = config.hidden_size, inner = config.intermediate_size;
  const std::int64_t query = config.num_heads * config.head_dim, key = config.num_kv_heads * config.head_dim;
  std::map<std::string, LinearShape> modules;
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    modules[prefix + "self_attn.q_proj"] = {query, hidden};
    modules[prefix + "self_attn.k_proj"] = modules[prefix + "self_attn.v_proj"] = {key, hidden};
    modules[prefix + "self_attn.o_proj"] = {hidden, query};
    modules[prefix + "mlp.gate_proj"] = modules[prefix + "mlp.up_proj"] = {inner, hidden};
    modules[prefix + "mlp.down_proj"] = {hidden, inner};
  }
  return modules;
}

Lora fresh_lora(const LlamaConfig& config, std::int64_t rank, std::uint64_t seed) {
  Lora lora;
  lora.rank = rank;
  lora.alpha = 2 * static_cast<double>(rank);
  for (const auto& [module, shape] : linear_modules(config)) {
    Rng rng(mix(seed, fnv1a64(module)));  // a stream per module: one more or less leaves the others as they are
    const double bound = 1 / std::sqrt(static_cast<double>(shape.in));
    std::vector<float> a(unsigned_of(rank * shape.in));
    for (float& value : a) value = static_cast<float>((2 * rng.uniform() - 1) * bound);
    lora.pairs[module] = {{{rank, shape.in}, std::move(a)},
                          {{shape.out, rank}, std::vector<float>(unsigned_of(shape.out * rank))}};
  }
  return lora;
}

Status check_lora(const LlamaConfig& config, const Lora& lora, const std::string& source) {
  if (lora.rank < 1) return bad_data(source + ": LoRA of rank " + std::to_string(lora.rank) + "; it is at least 1");
  const auto modules = linear_modules(config);
  for (const auto& [module, pair] : lora.pairs) {
    const auto found = modules.find(module);
    if (found == modules.end()) {
      return bad_data(
          source + ": it adapts " + module +
          ", which is no attention or MLP matrix of this model; adapter and base belong to different models");
    }
    const LinearShape shape = found->second;
    if (!has_shape(pair.a, lora.rank, shape.in) || !has_shape(pair.b, shape.out, lora.rank)) {
      return bad_data(source + ": the adapter of " + module + " is not [" + std::to_string(lora.rank) + ", " +
                      std::to_string(shape.in) + "] and [" + std::to_string(shape.out) + ", " +
                      std::to_string(lora.rank) + "]; adapter and base belong to different models");
    }
  }
  return {};
}

Weights merged(Weights weights) {
  if (!weights.lora) return weights;
  const auto modules = linear_modules(weights.config);
  for (const auto& [module, pair] : weights.lora->pairs) {
    Values& values = weights.tensors.at(module + ".weight").values;
    values = changed(values, pair, modules.at(module), weights.lora->scale());
  }
  weights.lora.reset();
  return weights;
}

}  // namespace ipr::model
