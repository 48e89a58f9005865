// Writes GGUF files for tests: well-formed ones, and with raw bytes any other.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/model/weights.h"

namespace ipr::test {

class GgufWriter {
 public:
  // Value types by number: 4 u32, 5 i32, 6 f32, 7 bool, 8 text, 9 list, 10 u64.
  void key(const std::string& name, std::uint32_t type, const std::string& value) {
    keys_ += text(name) + bytes(type) + value;
    ++key_count_;
  }
  void u32(const std::string& name, std::uint32_t value) { key(name, 4, bytes(value)); }
  void f32(const std::string& name, float value) { key(name, 6, bytes(value)); }
  void flag(const std::string& name, bool value) { key(name, 7, std::string(1, value ? 1 : 0)); }
  void string(const std::string& name, const std::string& value) { key(name, 8, text(value)); }
  void list(const std::string& name, std::uint32_t type, std::uint64_t count, const std::string& values) {
    key(name, 9, bytes(type) + bytes(count) + values);
  }

  // `dimensions` as in the file: fastest first.
  void tensor(const std::string& name, const std::vector<std::uint64_t>& dimensions, std::uint32_t type,
              const std::string& values) {
    tensors_ += text(name) + bytes(static_cast<std::uint32_t>(dimensions.size()));
    for (const std::uint64_t size : dimensions) tensors_ += bytes(size);
    data_.resize((data_.size() + 31) / 32 * 32);
    tensors_ += bytes(type) + bytes(std::uint64_t{data_.size()});
    data_ += values;
    ++tensor_count_;
  }
  void f32_tensor(const std::string& name, const model::Tensor& tensor) {
    this->tensor(name, {tensor.shape.rbegin(), tensor.shape.rend()}, 0,
                 {reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float)});
  }

  [[nodiscard]] std::string file(std::uint32_t version = 3) const {
    std::string out = "GGUF" + bytes(version) + bytes(tensor_count_) + bytes(key_count_) + keys_ + tensors_;
    out.resize((out.size() + 31) / 32 * 32);
    return out + data_;
  }

  template <typename T>
  [[nodiscard]] static std::string bytes(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  [[nodiscard]] static std::string text(const std::string& value) { return bytes(std::uint64_t{value.size()}) + value; }

 private:
  std::string keys_, tensors_, data_;
  std::uint64_t key_count_ = 0, tensor_count_ = 0;
};

// A model as llama.cpp's converter writes it, in F32.
class GgufModel {
 public:
  explicit GgufModel(const model::Weights& weights) : weights_(weights) {
    const model::LlamaConfig& config = weights.config;
    const bool llama = config.family == model::Family::kLlama || config.family == model::Family::kMistral;
    const std::string architecture = llama ? "llama" : model::family_name(config.family);
    writer.string("general.architecture", architecture);
    const auto u32 = [&](const char* key, std::int64_t value) {
      writer.u32(architecture + "." + key, static_cast<std::uint32_t>(value));
    };
    u32("block_count", config.num_layers);
    u32("context_length", config.max_positions);
    u32("embedding_length", config.hidden_size);
    u32("feed_forward_length", config.intermediate_size);
    u32("attention.head_count", config.num_heads);
    u32("attention.head_count_kv", config.num_kv_heads);
    u32("attention.key_length", config.head_dim);
    u32("attention.value_length", config.head_dim);
    u32("rope.dimension_count", config.head_dim);
    if (config.family == model::Family::kMistral) u32("attention.sliding_window", config.sliding_window);
    writer.f32(architecture + ".rope.freq_base", static_cast<float>(config.rope_theta));
    writer.f32(architecture + ".attention.layer_norm_rms_epsilon", static_cast<float>(config.rms_norm_eps));
    for (const auto& [name, tensor] : weights.tensors) {
      const bool query = name.find("q_proj") != std::string::npos, key = name.find("k_proj") != std::string::npos;
      writer.f32_tensor(name_of(name), llama && (query || key) ? permuted(tensor) : tensor);
    }
  }

  GgufWriter writer;

 private:
  static std::string name_of(const std::string& name) {
    static const std::vector<std::pair<std::string, std::string>> kNames = {{"model.embed_tokens", "token_embd"},
                                                                            {"model.norm", "output_norm"},
                                                                            {"lm_head", "output"},
                                                                            {"model.layers", "blk"},
                                                                            {"input_layernorm", "attn_norm"},
                                                                            {"post_attention_layernorm", "ffn_norm"},
                                                                            {"self_attn.q_proj", "attn_q"},
                                                                            {"self_attn.k_proj", "attn_k"},
                                                                            {"self_attn.v_proj", "attn_v"},
                                                                            {"self_attn.o_proj", "attn_output"},
                                                                            {"self_attn.q_norm", "attn_q_norm"},
                                                                            {"self_attn.k_norm", "attn_k_norm"},
                                                                            {"mlp.gate_proj", "ffn_gate"},
                                                                            {"mlp.up_proj", "ffn_up"},
                                                                            {"mlp.down_proj", "ffn_down"}};
    std::string out = name;
    for (const auto& [from, to] : kNames) {
      if (const auto at = out.find(from); at != std::string::npos) out.replace(at, from.size(), to);
    }
    return out;
  }

  // Rows (head, half, pair) put in the order (head, pair, half).
  [[nodiscard]] model::Tensor permuted(const model::Tensor& tensor) const {
    std::vector<float> out(tensor.values.size());
    const auto rows = static_cast<std::size_t>(tensor.shape[0]), width = tensor.values.size() / rows;
    const auto dim = static_cast<std::size_t>(weights_.config.head_dim);
    std::size_t to = 0;
    for (std::size_t head = 0; head < rows; head += dim) {
      for (std::size_t pair = 0; pair < dim / 2; ++pair) {
        for (const std::size_t from : {head + pair, head + dim / 2 + pair}) {
          std::memcpy(&out[to * width], &tensor.values[from * width], width * sizeof(float));
          ++to;
        }
      }
    }
    return {tensor.shape, std::move(out)};
  }

  const model::Weights& weights_;
};

}  // namespace ipr::test
