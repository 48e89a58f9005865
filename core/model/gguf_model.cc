#include "core/model/gguf_model.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

#include "core/base/json.h"
#include "core/model/gguf.h"

namespace ipr::model {
namespace {

constexpr const char* kRopeFactors = "rope_freqs.weight";

// GGUF's names inside a block and Hugging Face's inside a layer.
constexpr std::array<std::array<const char*, 2>, 11> kNames = {{{"attn_norm", "input_layernorm"},
                                                                {"ffn_norm", "post_attention_layernorm"},
                                                                {"attn_q", "self_attn.q_proj"},
                                                                {"attn_k", "self_attn.k_proj"},
                                                                {"attn_v", "self_attn.v_proj"},
                                                                {"attn_output", "self_attn.o_proj"},
                                                                {"attn_q_norm", "self_attn.q_norm"},
                                                                {"attn_k_norm", "self_attn.k_norm"},
                                                                {"ffn_gate", "mlp.gate_proj"},
                                                                {"ffn_up", "mlp.up_proj"},
                                                                {"ffn_down", "mlp.down_proj"}}};

// Hugging Face's name; the given one where it is none of a layer's or a model's, so that errors can tell it.
std::string hugging_face_name(const std::string& name) {
  if (name == "token_embd.weight") return "model.embed_tokens.weight";
  if (name == "output_norm.weight") return "model.norm.weight";
  if (name == "output.weight") return "lm_head.weight";
  if (!name.starts_with("blk.")) return name;
  const auto dot = name.find('.', 4);
  const auto end = name.rfind('.');
  if (dot == std::string::npos || end <= dot) return name;
  const std::string inner = name.substr(dot + 1, end - dot - 1);
  for (const auto& [theirs, ours] : kNames) {
    if (inner == theirs) return "model.layers." + name.substr(4, dot - 4) + "." + ours + name.substr(end);
  }
  return name;
}

// Keys of a file that begin with its architecture's name.
struct Keys {
  const GgufFile& file;
  std::string prefix;  // "llama."

  [[nodiscard]] Status missing(const char* key) const {
    return bad_data(file.path() + ": key " + prefix + key + " is missing; not a language model's file?");
  }
  // A positive integer; `fallback` 0 means that the key must be there.
  [[nodiscard]] Result<std::int64_t> size(const char* key, std::int64_t fallback = 0) const {
    IPR_ASSIGN(const std::optional<std::int64_t> value, file.integer(prefix + key));
    if (!value && fallback == 0) return missing(key);
    const std::int64_t size = value.value_or(fallback);
    constexpr std::int64_t kLargest = std::int64_t{1} << 28;
    if (size < 1 || size > kLargest)
      return bad_data(file.path() + ": key " + prefix + key + ": " + std::to_string(size) + " is no size of a model");
    return size;
  }
  [[nodiscard]] Result<double> positive(const char* key, double fallback) const {
    IPR_ASSIGN(const std::optional<double> value, file.number(prefix + key));
    if (!value) return fallback;
    if (!(*value > 0) || !std::isfinite(*value))
      return bad_data(file.path() + ": key " + prefix + key + ": expected a positive number");
    return *value;
  }
};

Result<Family> family_of(const GgufFile& file) {
  IPR_ASSIGN(const std::optional<std::string> architecture, file.text("general.architecture"));
  if (!architecture) return bad_data(file.path() + ": key general.architecture is missing; not a model's file?");
  for (const Family family : {Family::kLlama, Family::kQwen2, Family::kQwen3}) {
    if (*architecture == family_name(family)) return family;
  }
  return bad_data(file.path() + ": architecture " + dump_brief(*architecture) +
                  " is not supported; only llama, qwen2 and qwen3 are");
}

Status check_supported(const Keys& keys) {
  IPR_ASSIGN(const std::optional<std::int64_t> parts, keys.file.integer("split.count"));
  if (parts.value_or(1) > 1) {
    return bad_data(keys.file.path() + ": is one of " + std::to_string(*parts) +
                    " parts of a model; merge them first (llama.cpp's gguf-split --merge)");
  }
  IPR_ASSIGN(const std::optional<std::int64_t> experts, keys.file.integer(keys.prefix + "expert_count"));
  if (experts.value_or(0) > 0)
    return bad_data(keys.file.path() + ": a mixture of " + std::to_string(*experts) + " experts is not supported");
  return {};
}

Status read_sizes(const Keys& keys, LlamaConfig& config) {
  const StoredTensor* const embedding = keys.file.tensor("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2)
    return bad_data(keys.file.path() + ": tensor token_embd.weight is missing or no matrix; not a language model?");
  config.vocab_size = embedding->shape[0];
  IPR_ASSIGN(config.hidden_size, keys.size("embedding_length"));
  IPR_ASSIGN(config.intermediate_size, keys.size("feed_forward_length"));
  IPR_ASSIGN(config.num_layers, keys.size("block_count"));
  IPR_ASSIGN(config.num_heads, keys.size("attention.head_count"));
  IPR_ASSIGN(config.num_kv_heads, keys.size("attention.head_count_kv", config.num_heads));
  const std::int64_t head_dim = std::max<std::int64_t>(1, config.hidden_size / config.num_heads);
  IPR_ASSIGN(config.head_dim, keys.size("attention.key_length", head_dim));
  IPR_ASSIGN(const std::int64_t value_length, keys.size("attention.value_length", config.head_dim));
  IPR_ASSIGN(const std::int64_t rotated, keys.size("rope.dimension_count", config.head_dim));
  if (value_length != config.head_dim || rotated != config.head_dim) {
    return bad_data(keys.file.path() + ": heads of " + std::to_string(config.head_dim) + " with values of " +
                    std::to_string(value_length) + " and " + std::to_string(rotated) +
                    " rotated are not supported; all three must be equal");
  }
  IPR_ASSIGN(config.max_positions, keys.size("context_length"));
  return check_sizes(config, keys.file.path());
}

// Llama 3.1's files hold no parameters but what each frequency is divided by. They follow from Llama's own settings and
// the one factor that varies; factors of another making are refused.
Status read_rope_factors(const GgufFile& file, LlamaConfig& config) {
  const StoredTensor* const stored = file.tensor(kRopeFactors);
  if (stored == nullptr) return {};
  const auto refused = [&] {
    return bad_data(file.path() + ": tensor " + kRopeFactors +
                    ": is not what Llama 3.1's rotary scaling makes; not supported");
  };
  if (stored->count != static_cast<std::uint64_t>(config.head_dim / 2)) return refused();
  const Tensor factors = expand(*stored);
  if (std::all_of(factors.values.begin(), factors.values.end(), [](float factor) { return factor == 1; })) return {};
  if (config.rope_scaling.kind != RopeScaling::Kind::kNone) return refused();
  RopeScaling scaling;  // with Llama 3.1's bounds and original length
  scaling.kind = RopeScaling::Kind::kLlama3;
  scaling.factor = static_cast<double>(factors.values[factors.values.size() - 1]);
  const auto original = static_cast<double>(scaling.original_positions);
  for (std::size_t i = 0; i < factors.values.size(); ++i) {
    const double exponent = 2 * static_cast<double>(i) / static_cast<double>(config.head_dim);
    const double wavelength = 2 * std::numbers::pi * std::pow(config.rope_theta, exponent);
    double factor = 1;
    if (wavelength > original / scaling.low_frequency_factor) {
      factor = scaling.factor;
    } else if (wavelength >= original / scaling.high_frequency_factor) {
      const double smooth = (original / wavelength - scaling.low_frequency_factor) /
                            (scaling.high_frequency_factor - scaling.low_frequency_factor);
      factor = 1 / ((1 - smooth) / scaling.factor + smooth);
    }
    if (!(std::abs(static_cast<double>(factors.values[i]) - factor) <= 1e-4 * factor)) return refused();
  }
  config.rope_scaling = scaling;
  return {};
}

Status read_rope(const Keys& keys, LlamaConfig& config) {
  IPR_ASSIGN(config.rope_theta, keys.positive("rope.freq_base", 10000));
  IPR_ASSIGN(const std::optional<std::string> type, keys.file.text(keys.prefix + "rope.scaling.type"));
  if (type == "linear") {
    config.rope_scaling.kind = RopeScaling::Kind::kLinear;
    IPR_ASSIGN(config.rope_scaling.factor, keys.positive("rope.scaling.factor", 1));
  } else if (type && *type != "none") {
    return bad_data(keys.file.path() + ": rotary positions of type " + dump_brief(*type) +
                    " are not supported; only none, linear and Llama 3.1's are");
  }
  return read_rope_factors(keys.file, config);
}

// Which biases there are is seen from the tensors.
void read_biases(const GgufFile& file, LlamaConfig& config) {
  config.qkv_bias = file.tensor("blk.0.attn_q.bias") != nullptr;
  config.output_bias = file.tensor("blk.0.attn_output.bias") != nullptr;
  config.mlp_bias = file.tensor("blk.0.ffn_gate.bias") != nullptr;
  config.qk_norm = config.family == Family::kQwen3;
}

// What config.json of the family can say, so that a model read here can be saved.
Status check_family(const GgufFile& file, LlamaConfig& config) {
  const bool biased = config.qkv_bias || config.output_bias || config.mlp_bias;
  bool known = config.qkv_bias == config.output_bias;
  if (config.family == Family::kQwen2) known = config.qkv_bias && !config.output_bias;
  if (config.family != Family::kLlama) known = known && !config.mlp_bias;
  if (config.sliding_window > 0 && config.family == Family::kLlama) {
    config.family = Family::kMistral;
    known = !biased;
  }
  if (known) return {};
  return bad_data(file.path() + ": its biases are not those of a " + family_name(config.family) +
                  " model; not supported");
}

// An f32 of a file as the decimal that it was written from: 1e-05, which is what config.json says.
double decimal_of(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, static_cast<float>(value)).ptr;
  std::from_chars(text, end, value);
  return value;
}

Result<LlamaConfig> read_config(const GgufFile& file) {
  LlamaConfig config;
  IPR_ASSIGN(config.family, family_of(file));
  const Keys keys{file, std::string(family_name(config.family)) + "."};
  IPR_TRY(check_supported(keys));
  IPR_TRY(read_sizes(keys, config));
  IPR_TRY(read_rope(keys, config));
  IPR_ASSIGN(config.rms_norm_eps, keys.positive("attention.layer_norm_rms_epsilon", 1e-5));
  config.rms_norm_eps = decimal_of(config.rms_norm_eps);
  IPR_ASSIGN(const std::optional<std::int64_t> window, file.integer(keys.prefix + "attention.sliding_window"));
  if (window.value_or(0) > 0) config.sliding_window = *window;
  read_biases(file, config);
  config.tie_word_embeddings = file.tensor("output.weight") == nullptr;
  IPR_TRY(check_family(file, config));
  const auto token = [&](const char* key, std::int32_t& id) -> Status {
    IPR_ASSIGN(const std::optional<std::int64_t> value, file.integer(std::string("tokenizer.ggml.") + key));
    if (value && *value >= 0 && *value < config.vocab_size) id = static_cast<std::int32_t>(*value);
    return {};
  };
  IPR_TRY(token("bos_token_id", config.bos_token_id));
  IPR_TRY(token("eos_token_id", config.eos_token_id));
  IPR_TRY(token("padding_token_id", config.pad_token_id));
  return config;
}

// Row (head, half s, pair i) of Hugging Face's order lies at (head, pair i, half s).
void undo_permutation(std::int64_t heads, Tensor& tensor) {
  const auto rows = static_cast<std::size_t>(tensor.shape[0]);
  const std::size_t width = tensor.values.size() / rows;
  const std::size_t head = rows / static_cast<std::size_t>(heads), half = head / 2;
  std::vector<float> ordered(tensor.values.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t in_head = row % head;
    const std::size_t from = row - in_head + 2 * (in_head % half) + in_head / half;
    std::copy_n(&tensor.values[from * width], width, &ordered[row * width]);
  }
  tensor.values = std::move(ordered);
}

}  // namespace

Result<Weights> load_gguf(const std::string& path) {
  IPR_ASSIGN(const GgufFile file, GgufFile::open(path));
  Weights weights;
  IPR_ASSIGN(weights.config, read_config(file));
  std::map<std::string, std::vector<std::int64_t>> shapes;
  std::map<std::string, const StoredTensor*> stored;
  for (const StoredTensor& tensor : file.tensors()) {
    if (tensor.name == kRopeFactors) continue;
    const std::string name = hugging_face_name(tensor.name);
    if (!stored.emplace(name, &tensor).second) return bad_data(path + ": tensor " + tensor.name + " is there twice");
    shapes[name] = tensor.shape;
  }
  IPR_TRY(check_shapes(weights.config, shapes, path));
  const bool permuted = weights.config.family == Family::kLlama || weights.config.family == Family::kMistral;
  for (const auto& [name, tensor] : stored) {
    Tensor values = expand(*tensor);
    IPR_TRY(check_finite(tensor->name, values, path));
    if (permuted && name.find(".q_proj.") != std::string::npos) undo_permutation(weights.config.num_heads, values);
    if (permuted && name.find(".k_proj.") != std::string::npos) undo_permutation(weights.config.num_kv_heads, values);
    weights.tensors.emplace(name, std::move(values));
  }
  return weights;
}

Result<text::GgufTokenizer> read_gguf_tokenizer(const std::string& path) {
  IPR_ASSIGN(const GgufFile file, GgufFile::open(path));
  const std::string prefix = "tokenizer.ggml.";
  text::GgufTokenizer tokenizer;
  IPR_ASSIGN(const std::optional<std::string> model, file.text(prefix + "model"));
  IPR_ASSIGN(const std::optional<std::string> pre, file.text(prefix + "pre"));
  IPR_ASSIGN(const std::optional<std::string> chat_template, file.text("tokenizer.chat_template"));
  tokenizer.model = model.value_or("");
  tokenizer.pre = pre.value_or("");
  tokenizer.chat_template = chat_template.value_or("");
  IPR_ASSIGN(tokenizer.tokens, file.texts(prefix + "tokens"));
  IPR_ASSIGN(tokenizer.merges, file.texts(prefix + "merges"));
  IPR_ASSIGN(tokenizer.scores, file.numbers(prefix + "scores"));
  IPR_ASSIGN(const std::vector<std::int64_t> types, file.integers(prefix + "token_type"));
  for (const std::int64_t type : types) tokenizer.token_types.push_back(static_cast<std::int32_t>(type));
  IPR_ASSIGN(tokenizer.bos, file.integer(prefix + "bos_token_id"));
  IPR_ASSIGN(tokenizer.eos, file.integer(prefix + "eos_token_id"));
  IPR_ASSIGN(tokenizer.unk, file.integer(prefix + "unknown_token_id"));
  IPR_ASSIGN(tokenizer.pad, file.integer(prefix + "padding_token_id"));
  IPR_ASSIGN(tokenizer.add_bos, file.flag(prefix + "add_bos_token"));
  IPR_ASSIGN(tokenizer.add_space_prefix, file.flag(prefix + "add_space_prefix"));
  IPR_ASSIGN(tokenizer.remove_extra_whitespaces, file.flag(prefix + "remove_extra_whitespaces"));
  return tokenizer;
}

}  // namespace ipr::model
