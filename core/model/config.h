// The shape of a Llama-like model, as in a Hugging Face config.json.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace ipr::model {

// Hugging Face's model_type. They share one architecture and differ in what the members below say; the family decides
// which of that its config.json can tell.
enum class Family { kLlama, kMistral, kQwen2, kQwen3 };

// How rotary frequencies are stretched for texts longer than the model was first trained on; see rope.h.
struct RopeScaling {
  enum class Kind { kNone, kLinear, kDynamic, kLlama3 };
  Kind kind = Kind::kNone;
  double factor = 1;
  // kLlama3 only: wavelengths between original / high and original / low positions are blended.
  double low_frequency_factor = 1, high_frequency_factor = 4;
  std::int64_t original_positions = 8192;
};

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

  Family family = Family::kLlama;
  bool qkv_bias = false, output_bias = false;  // of the attention's products
  bool mlp_bias = false;
  bool qk_norm = false;  // an RMSNorm on each head of q and k, before the rotation
  RopeScaling rope_scaling;
  // A row of a windowed layer attends to this many positions, its own included. 0: no layer is windowed.
  std::int64_t sliding_window = 0;
  std::vector<bool> windowed;  // by layer; empty: all of them, where there is a window

  // The window of a layer; 0: it attends to everything.
  [[nodiscard]] std::int64_t window(std::int64_t layer) const;
  // Number of weights, the tied head counted once.
  [[nodiscard]] std::int64_t parameter_count() const;
};

// "llama", "mistral", "qwen2", "qwen3".
[[nodiscard]] const char* family_name(Family family);

// Sizes that are those of a broken file, not of a model: Code::kData names the first. Below them no product of the
// sizes of one tensor, nor parameter_count(), overflows.
[[nodiscard]] Status check_sizes(const LlamaConfig& config, const std::string& source);

// Reads config.json's keys. Code::kData names a missing key, or what would change the forward pass and is not built
// here: another model_type, activation, rope type, layer type, quantized weights. What Hugging Face takes for a key
// that is not there is taken here, too.
[[nodiscard]] Result<LlamaConfig> config_from_json(const Json& json, const std::string& source);
// A config.json that Hugging Face's AutoModelForCausalLM reads to the same model.
[[nodiscard]] Json config_to_json(const LlamaConfig& config);

}  // namespace ipr::model
