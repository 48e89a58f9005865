// The shape of a Llama-architecture model, as in a Hugging Face config.json.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/json.h"

namespace ipr::model {

struct LlamaConfig {
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_layers = 0;
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t max_positions = 0;
  double rope_theta = 10000;
  double rms_norm_eps = 1e-5;
  bool tie_word_embeddings = false;
  std::int32_t bos_token_id = -1, eos_token_id = -1, pad_token_id = -1;  // -1: none

  // Number of weights, the tied head counted once.
  [[nodiscard]] std::int64_t parameter_count() const;
};

// Reads config.json's keys; Code::kData names a missing key or an architecture that is not Llama.
[[nodiscard]] Result<LlamaConfig> config_from_json(const Json& json, const std::string& source);
[[nodiscard]] Json config_to_json(const LlamaConfig& config);

}  // namespace ipr::model
