// Named tensors of a model in host memory, under Hugging Face's Llama names and layouts ([out, in], row-major).
//
// The currency between checkpoints on disk, the rollout engine and the trainer. Value type; copies share the numbers
// (values.h), so a copy is cheap.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/config.h"
#include "core/model/lora.h"
#include "core/model/value_head.h"
#include "core/model/values.h"

namespace ipr::model {

struct Weights {
  LlamaConfig config;
  // "model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", …, "model.norm.weight", and "lm_head.weight"
  // unless tied. std::map: one fixed order everywhere (files, hashes, optimizer state).
  std::map<std::string, Tensor> tensors;
  // Set: `tensors` is the frozen base, and the model is the base with this change.
  std::optional<Lora> lora;
  // Set: the model also gives a scalar for each token.
  std::optional<ValueHead> value_head;
};

// The names and shapes that `config` demands, in map order.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> expected_tensors(const LlamaConfig& config);

// Every expected tensor is there with its shape, and nothing else. Code::kData names the first that differs.
[[nodiscard]] Status check_weights(const Weights& weights, const std::string& source);

// The same for shapes alone, before the values are read.
[[nodiscard]] Status check_shapes(const LlamaConfig& config,
                                  const std::map<std::string, std::vector<std::int64_t>>& found,
                                  const std::string& source);

// Fresh weights: normal(0, std) matrices, norms 1, biases 0; the same numbers on every machine for equal (config,
// seed).
[[nodiscard]] Weights random_weights(const LlamaConfig& config, std::uint64_t seed, double std = 0.02);

}  // namespace ipr::model
