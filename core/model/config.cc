#include "core/model/config.h"

#include <algorithm>

namespace ipr::model {
namespace {

// Larger sizes are a broken file, not a model; below it no product of two sizes overflows.
constexpr std::int64_t kLargestSize = std::int64_t{1} << 28;

// A positive integer; `fallback` 0 means that the key must be there.
Result<std::int64_t> size_key(const Json& json, const char* key, const std::string& source, std::int64_t fallback = 0) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) {
    if (fallback > 0) return fallback;
    return bad_data(source + ": key \"" + key + "\" is missing; is this a Llama model's config.json?");
  }
  if (!found->is_number_integer() || *found < 1 || *found > kLargestSize) {
    return bad_data(source + ": key \"" + key + "\": expected a positive integer, found " + dump_line(*found));
  }
  return found->get<std::int64_t>();
}

Result<double> positive_key(const Json& json, const char* key, const std::string& source, double fallback) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return fallback;
  if (!found->is_number() || !(found->get<double>() > 0)) {
    return bad_data(source + ": key \"" + key + "\": expected a positive number, found " + dump_line(*found));
  }
  return found->get<double>();
}

Result<bool> flag_key(const Json& json, const char* key, const std::string& source) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return false;
  if (!found->is_boolean()) {
    return bad_data(source + ": key \"" + key + "\": expected true or false, found " + dump_line(*found));
  }
  return found->get<bool>();
}

// An id, null, or (Llama 3) a list of ids of which the first is the usual one.
Result<std::int32_t> token_key(const Json& json, const char* key, const std::string& source) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return -1;
  const Json& id = found->is_array() && !found->empty() ? found->front() : *found;
  if (!id.is_number_integer() || id < -1 || id > kLargestSize) {
    return bad_data(source + ": key \"" + key + "\": expected a token id, found " + dump_line(*found));
  }
  return id.get<std::int32_t>();
}

// What would change the forward pass and is not built here is refused, never ignored.
Status check_architecture(const Json& json, const std::string& source) {
  const std::string type = json.value("model_type", Json()).is_string() ? json["model_type"].get<std::string>() : "";
  if (type != "llama") {
    return bad_data(source + ": model_type is " + (type.empty() ? "missing" : "\"" + type + "\"") +
                    "; only \"llama\" models can be loaded");
  }
  const Json activation = json.value("hidden_act", Json("silu"));
  if (activation != "silu")
    return bad_data(source + ": hidden_act " + dump_line(activation) + " is not supported; only \"silu\" is");
  for (const char* key : {"attention_bias", "mlp_bias"}) {
    IPR_ASSIGN(const bool biased, flag_key(json, key, source));
    if (biased) return bad_data(source + ": " + key + " true is not supported; only models without biases are");
  }
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const Json rope = json.value(key, Json());
    if (rope.is_null()) continue;
    if (!rope.is_object()) return bad_data(source + ": key \"" + key + "\": expected an object or null");
    const Json kind = rope.value("rope_type", rope.value("type", Json("default")));
    if (kind != "default")
      return bad_data(source + ": " + key + " of type " + dump_line(kind) + " is not supported; only \"default\" is");
  }
  return {};
}

Result<LlamaConfig> read_sizes(const Json& json, const std::string& source) {
  LlamaConfig config;
  IPR_ASSIGN(config.vocab_size, size_key(json, "vocab_size", source));
  IPR_ASSIGN(config.hidden_size, size_key(json, "hidden_size", source));
  IPR_ASSIGN(config.intermediate_size, size_key(json, "intermediate_size", source));
  IPR_ASSIGN(config.num_layers, size_key(json, "num_hidden_layers", source));
  IPR_ASSIGN(config.num_heads, size_key(json, "num_attention_heads", source));
  IPR_ASSIGN(config.num_kv_heads, size_key(json, "num_key_value_heads", source, config.num_heads));
  IPR_ASSIGN(config.head_dim,
             size_key(json, "head_dim", source, std::max<std::int64_t>(1, config.hidden_size / config.num_heads)));
  IPR_ASSIGN(config.max_positions, size_key(json, "max_position_embeddings", source, 2048));
  if (config.num_heads % config.num_kv_heads != 0) {
    return bad_data(source + ": num_attention_heads " + std::to_string(config.num_heads) +
                    " is not a multiple of num_key_value_heads " + std::to_string(config.num_kv_heads));
  }
  if (config.head_dim % 2 != 0) {
    return bad_data(source + ": head_dim " + std::to_string(config.head_dim) +
                    " is odd; rotary positions need an even one");
  }
  return config;
}

}  // namespace

std::int64_t LlamaConfig::parameter_count() const {
  const std::int64_t attention = hidden_size * head_dim * (2 * num_heads + 2 * num_kv_heads);
  const std::int64_t layer = attention + 3 * hidden_size * intermediate_size + 2 * hidden_size;
  return vocab_size * hidden_size * (tie_word_embeddings ? 1 : 2) + num_layers * layer + hidden_size;
}

Result<LlamaConfig> config_from_json(const Json& json, const std::string& source) {
  if (!json.is_object()) return bad_data(source + ": expected a JSON object");
  IPR_TRY(check_architecture(json, source));
  IPR_ASSIGN(LlamaConfig config, read_sizes(json, source));
  // transformers 5 moved the base into rope_parameters; that one wins where both are there.
  const Json rope = json.value("rope_parameters", Json());
  IPR_ASSIGN(const double base, positive_key(json, "rope_theta", source, 10000));
  IPR_ASSIGN(config.rope_theta, positive_key(rope.is_object() ? rope : Json::object(), "rope_theta", source, base));
  IPR_ASSIGN(config.rms_norm_eps, positive_key(json, "rms_norm_eps", source, 1e-6));
  IPR_ASSIGN(config.tie_word_embeddings, flag_key(json, "tie_word_embeddings", source));
  IPR_ASSIGN(config.bos_token_id, token_key(json, "bos_token_id", source));
  IPR_ASSIGN(config.eos_token_id, token_key(json, "eos_token_id", source));
  IPR_ASSIGN(config.pad_token_id, token_key(json, "pad_token_id", source));
  return config;
}

Json config_to_json(const LlamaConfig& config) {
  const auto token = [](std::int32_t id) { return id < 0 ? Json() : Json(id); };
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"vocab_size", config.vocab_size},
          {"hidden_size", config.hidden_size},
          {"intermediate_size", config.intermediate_size},
          {"num_hidden_layers", config.num_layers},
          {"num_attention_heads", config.num_heads},
          {"num_key_value_heads", config.num_kv_heads},
          {"head_dim", config.head_dim},
          {"max_position_embeddings", config.max_positions},
          {"rope_theta", config.rope_theta},
          {"rms_norm_eps", config.rms_norm_eps},
          {"tie_word_embeddings", config.tie_word_embeddings},
          {"bos_token_id", token(config.bos_token_id)},
          {"eos_token_id", token(config.eos_token_id)},
          {"pad_token_id", token(config.pad_token_id)},
          {"hidden_act", "silu"},
          {"attention_bias", false},
          {"mlp_bias", false},
          {"torch_dtype", "float32"}};
}

}  // namespace ipr::model
