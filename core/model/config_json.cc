// LlamaConfig from and to Hugging Face's config.json.
#include <algorithm>
#include <array>

#include "core/model/config.h"

namespace ipr::model {
namespace {

constexpr std::int64_t kLargestInteger = std::int64_t{1} << 28;

// What Hugging Face's configuration classes take where a key is not there. Zero: no default, or another key decides.
struct FamilyDefaults {
  const char* architecture;
  std::int64_t kv_heads, head_dim, max_positions;
};

const FamilyDefaults& defaults_of(Family family) {
  static constexpr FamilyDefaults kDefaults[] = {{"LlamaForCausalLM", 0, 0, 2048},
                                                 {"MistralForCausalLM", 8, 0, 131072},
                                                 {"Qwen2ForCausalLM", 32, 0, 32768},
                                                 {"Qwen3ForCausalLM", 32, 128, 32768}};
  return kDefaults[static_cast<std::size_t>(family)];
}

// A config.json and its name in errors.
struct Source {
  const Json& json;
  const std::string& name;

  [[nodiscard]] Status wrong(const std::string& key, const std::string& expected) const {
    return bad_data(name + ": key \"" + key + "\": expected " + expected + ", found " + dump_brief(json.at(key)));
  }
  [[nodiscard]] bool has(const char* key) const { return json.contains(key) && !json.at(key).is_null(); }
};

// A positive integer; `fallback` 0 means that the key must be there.
Result<std::int64_t> size_key(const Source& source, const char* key, std::int64_t fallback = 0) {
  if (!source.has(key)) {
    if (fallback > 0) return fallback;
    return bad_data(source.name + ": key \"" + key + "\" is missing; is this a Llama model's config.json?");
  }
  const Json& value = source.json.at(key);
  if (!value.is_number_integer() || value < 1 || value > kLargestInteger)
    return source.wrong(key, "a positive integer");
  return value.get<std::int64_t>();
}

Result<double> positive_key(const Source& source, const char* key, double fallback) {
  if (!source.has(key)) return fallback;
  const Json& value = source.json.at(key);
  if (!value.is_number() || !(value.get<double>() > 0)) return source.wrong(key, "a positive number");
  return value.get<double>();
}

Result<bool> flag_key(const Source& source, const char* key) {
  if (!source.has(key)) return false;
  if (!source.json.at(key).is_boolean()) return source.wrong(key, "true or false");
  return source.json.at(key).get<bool>();
}

// An id, null, or (Llama 3) a list of ids of which the first is the usual one.
Result<std::int32_t> token_key(const Source& source, const char* key) {
  if (!source.has(key)) return -1;
  const Json& value = source.json.at(key);
  const Json& id = value.is_array() && !value.empty() ? value.front() : value;
  if (!id.is_number_integer() || id < -1 || id > kLargestInteger) return source.wrong(key, "a token id");
  return id.get<std::int32_t>();
}

Result<Family> read_family(const Source& source) {
  const Json type = source.has("model_type") ? source.json.at("model_type") : Json();
  std::string names;
  for (const Family family : {Family::kLlama, Family::kMistral, Family::kQwen2, Family::kQwen3}) {
    if (type == family_name(family)) return family;
    names += std::string(names.empty() ? "" : ", ") + family_name(family);
  }
  return bad_data(source.name + ": model_type " +
                  (type.is_null() ? "is missing" : dump_brief(type) + " is not supported") + "; only " + names +
                  " models can be loaded");
}

// What would change the forward pass and is not built here is refused, never ignored.
Status check_supported(const Source& source) {
  if (source.has("hidden_act") && source.json.at("hidden_act") != "silu") {
    return bad_data(source.name + ": hidden_act " + dump_brief(source.json.at("hidden_act")) +
                    " is not supported; only \"silu\" is");
  }
  if (source.has("quantization_config")) {
    const Json& quantization = source.json.at("quantization_config");
    const Json method =
        quantization.is_object() ? quantization.value("quant_method", Json("unknown")) : Json("unknown");
    return bad_data(source.name + ": weights quantized by " + dump_brief(method) +
                    " are not supported; fetch the model in F32, F16 or BF16, or as a GGUF file");
  }
  return {};
}

// The object that tells of rotary positions: rope_scaling of older files, rope_parameters of transformers 5. Where both
// are there the older one is taken, as transformers does. Null: neither.
Result<Json> rope_object(const Source& source) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (!source.has(key)) continue;
    const Json& rope = source.json.at(key);
    if (!rope.is_object()) return source.wrong(key, "an object or null");
    if (rope.empty()) continue;
    for (const char* layers : {"full_attention", "sliding_attention"}) {
      if (rope.contains(layers))
        return bad_data(source.name + ": " + key + " of its own for " + layers + " layers is not supported");
    }
    return rope;
  }
  return Json();
}

Status read_rope(const Source& source, LlamaConfig& config) {
  IPR_ASSIGN(const double base, positive_key(source, "rope_theta", 10000));
  config.rope_theta = base;
  IPR_ASSIGN(const Json json, rope_object(source));
  if (json.is_null()) return {};
  const std::string name = source.name + ": rotary positions";
  const Source rope{json, name};
  IPR_ASSIGN(config.rope_theta, positive_key(rope, "rope_theta", base));
  for (const Source* place : {&rope, &source}) {
    IPR_ASSIGN(const double share, positive_key(*place, "partial_rotary_factor", 1));
    if (share != 1)
      return bad_data(place->name + ": partial_rotary_factor " + Json(share).dump() + " is not supported; only 1 is");
  }
  const Json kind = json.value("rope_type", json.value("type", Json("default")));
  RopeScaling& scaling = config.rope_scaling;
  if (kind == "default") return {};
  if (kind == "linear") {
    scaling.kind = RopeScaling::Kind::kLinear;
  } else if (kind == "dynamic") {
    scaling.kind = RopeScaling::Kind::kDynamic;
  } else if (kind == "llama3") {
    scaling.kind = RopeScaling::Kind::kLlama3;
  } else {
    return bad_data(source.name + ": rotary positions of type " + dump_brief(kind) +
                    " are not supported; only \"default\", \"linear\", \"dynamic\" and \"llama3\" are");
  }
  if (!rope.has("factor")) return bad_data(name + ": key \"factor\" is missing");
  IPR_ASSIGN(scaling.factor, positive_key(rope, "factor", 1));
  if (scaling.kind != RopeScaling::Kind::kLlama3) return {};
  for (const char* key : {"low_freq_factor", "high_freq_factor"}) {
    if (!rope.has(key)) return bad_data(name + ": key \"" + key + "\" is missing");
  }
  IPR_ASSIGN(scaling.low_frequency_factor, positive_key(rope, "low_freq_factor", 1));
  IPR_ASSIGN(scaling.high_frequency_factor, positive_key(rope, "high_freq_factor", 4));
  if (scaling.high_frequency_factor <= scaling.low_frequency_factor)
    return bad_data(name + ": high_freq_factor must be above low_freq_factor");
  const Source& original = source.has("original_max_position_embeddings") ? source : rope;
  IPR_ASSIGN(scaling.original_positions, size_key(original, "original_max_position_embeddings", config.max_positions));
  return {};
}

// "layer_types", or Qwen's rule: the layers from max_window_layers on.
Status read_layer_types(const Source& source, LlamaConfig& config) {
  const auto layers = static_cast<std::size_t>(config.num_layers);
  if (!source.has("layer_types")) {
    std::int64_t first = 28;
    if (source.has("max_window_layers")) {
      const Json& value = source.json.at("max_window_layers");
      if (!value.is_number_integer() || value < 0 || value > kLargestInteger)
        return source.wrong("max_window_layers", "a number of layers");
      first = value.get<std::int64_t>();
    }
    for (std::int64_t layer = 0; layer < config.num_layers; ++layer) config.windowed.push_back(layer >= first);
  } else {
    const Json& types = source.json.at("layer_types");
    if (!types.is_array() || types.size() != layers)
      return source.wrong("layer_types", "a list of " + std::to_string(layers) + " types");
    for (const Json& type : types) {
      if (type != "full_attention" && type != "sliding_attention") {
        return bad_data(source.name + ": layer type " + dump_brief(type) +
                        " is not supported; only \"full_attention\" and \"sliding_attention\" are");
      }
      config.windowed.push_back(type == "sliding_attention");
    }
  }
  const bool any = std::find(config.windowed.begin(), config.windowed.end(), true) != config.windowed.end();
  if (any && config.sliding_window == 0)
    return bad_data(source.name + ": layer_types has \"sliding_attention\" but there is no sliding_window");
  if (!any) {
    config.sliding_window = 0;
    config.windowed.clear();
  }
  return {};
}

Status read_window(const Source& source, LlamaConfig& config) {
  if (config.family == Family::kLlama) return {};
  bool used = true;  // for Mistral: unless null
  if (config.family != Family::kMistral) {
    IPR_ASSIGN(used, flag_key(source, "use_sliding_window"));
  } else if (source.json.contains("sliding_window")) {
    used = source.has("sliding_window");
  }
  if (used) {
    IPR_ASSIGN(config.sliding_window, size_key(source, "sliding_window", 4096));
  }
  return config.family == Family::kMistral ? Status() : read_layer_types(source, config);
}

Status read_biases(const Source& source, LlamaConfig& config) {
  config.qk_norm = config.family == Family::kQwen3;
  config.qkv_bias = config.family == Family::kQwen2;
  if (config.family == Family::kLlama || config.family == Family::kQwen3) {
    IPR_ASSIGN(config.qkv_bias, flag_key(source, "attention_bias"));
    config.output_bias = config.qkv_bias;
  }
  if (config.family == Family::kLlama) {
    IPR_ASSIGN(config.mlp_bias, flag_key(source, "mlp_bias"));
  }
  return {};
}

Status read_sizes(const Source& source, LlamaConfig& config) {
  const FamilyDefaults& defaults = defaults_of(config.family);
  IPR_ASSIGN(config.vocab_size, size_key(source, "vocab_size"));
  IPR_ASSIGN(config.hidden_size, size_key(source, "hidden_size"));
  IPR_ASSIGN(config.intermediate_size, size_key(source, "intermediate_size"));
  IPR_ASSIGN(config.num_layers, size_key(source, "num_hidden_layers"));
  IPR_ASSIGN(config.num_heads, size_key(source, "num_attention_heads"));
  const bool equal_heads = source.json.contains("num_key_value_heads") || defaults.kv_heads == 0;
  IPR_ASSIGN(config.num_kv_heads,
             size_key(source, "num_key_value_heads", equal_heads ? config.num_heads : defaults.kv_heads));
  const std::int64_t head_dim = std::max<std::int64_t>(1, config.hidden_size / config.num_heads);
  IPR_ASSIGN(config.head_dim, size_key(source, "head_dim", defaults.head_dim > 0 ? defaults.head_dim : head_dim));
  IPR_ASSIGN(config.max_positions, size_key(source, "max_position_embeddings", defaults.max_positions));
  return check_sizes(config, source.name);
}

Json rope_to_json(const RopeScaling& scaling) {
  constexpr const char* kNames[] = {"default", "linear", "dynamic", "llama3"};
  Json rope = {{"rope_type", kNames[static_cast<std::size_t>(scaling.kind)]}, {"factor", scaling.factor}};
  if (scaling.kind == RopeScaling::Kind::kLlama3) {
    rope["low_freq_factor"] = scaling.low_frequency_factor;
    rope["high_freq_factor"] = scaling.high_frequency_factor;
    rope["original_max_position_embeddings"] = scaling.original_positions;
  }
  return rope;
}

void add_window(const LlamaConfig& config, Json& json) {
  const bool any = config.sliding_window > 0;
  json["sliding_window"] = any ? Json(config.sliding_window) : Json();
  if (config.family == Family::kMistral) return;
  json["use_sliding_window"] = any;
  Json types = Json::array();
  std::int64_t first = config.num_layers;
  for (std::int64_t layer = config.num_layers - 1; layer >= 0; --layer) {
    if (config.window(layer) > 0) first = layer;
  }
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer)
    types.push_back(config.window(layer) > 0 ? "sliding_attention" : "full_attention");
  json["max_window_layers"] = first;
  json["layer_types"] = std::move(types);
}

}  // namespace

Result<LlamaConfig> config_from_json(const Json& json, const std::string& name) {
  if (!json.is_object()) return bad_data(name + ": expected a JSON object");
  const Source source{json, name};
  LlamaConfig config;
  IPR_ASSIGN(config.family, read_family(source));
  IPR_TRY(check_supported(source));
  IPR_TRY(read_sizes(source, config));
  IPR_TRY(read_rope(source, config));
  IPR_TRY(read_biases(source, config));
  IPR_TRY(read_window(source, config));
  IPR_ASSIGN(config.rms_norm_eps, positive_key(source, "rms_norm_eps", 1e-6));
  IPR_ASSIGN(config.tie_word_embeddings, flag_key(source, "tie_word_embeddings"));
  IPR_ASSIGN(config.bos_token_id, token_key(source, "bos_token_id"));
  IPR_ASSIGN(config.eos_token_id, token_key(source, "eos_token_id"));
  IPR_ASSIGN(config.pad_token_id, token_key(source, "pad_token_id"));
  return config;
}

Json config_to_json(const LlamaConfig& config) {
  const auto token = [](std::int32_t id) { return id < 0 ? Json() : Json(id); };
  Json json = {{"architectures", {defaults_of(config.family).architecture}},
               {"model_type", family_name(config.family)},
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
               {"torch_dtype", "float32"}};
  if (config.family == Family::kLlama || config.family == Family::kQwen3) json["attention_bias"] = config.qkv_bias;
  if (config.family == Family::kLlama) json["mlp_bias"] = config.mlp_bias;
  if (config.family != Family::kLlama) add_window(config, json);
  if (config.rope_scaling.kind != RopeScaling::Kind::kNone) json["rope_scaling"] = rope_to_json(config.rope_scaling);
  return json;
}

}  // namespace ipr::model
