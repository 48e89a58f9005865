#include "core/model/config.h"

#include <algorithm>

namespace ipr::model {

const char* family_name(Family family) {
  constexpr const char* kNames[] = {"llama", "mistral", "qwen2", "qwen3"};
  return kNames[static_cast<std::size_t>(family)];
}

std::int64_t LlamaConfig::window(std::int64_t layer) const {
  if (sliding_window == 0 || windowed.empty()) return sliding_window;
  return windowed[static_cast<std::size_t>(layer)] ? sliding_window : 0;
}

std::int64_t LlamaConfig::parameter_count() const {
  const std::int64_t query = num_heads * head_dim;
  const std::int64_t key = num_kv_heads * head_dim;
  std::int64_t layer = 2 * hidden_size * (query + key) + 3 * hidden_size * intermediate_size + 2 * hidden_size;
  if (qkv_bias) layer += query + 2 * key;
  if (output_bias) layer += hidden_size;
  if (mlp_bias) layer += 2 * intermediate_size + hidden_size;
  if (qk_norm) layer += 2 * head_dim;
  return vocab_size * hidden_size * (tie_word_embeddings ? 1 : 2) + num_layers * layer + hidden_size;
}

Status check_sizes(const LlamaConfig& config, const std::string& source) {
  constexpr std::int64_t kMillion = std::int64_t{1} << 20;
  struct Size {
    const char* name;
    std::int64_t value, largest;
  };
  for (const Size& size :
       {Size{"vocabulary", config.vocab_size, 16 * kMillion}, Size{"hidden size", config.hidden_size, kMillion},
        Size{"intermediate size", config.intermediate_size, 4 * kMillion},
        Size{"number of layers", config.num_layers, 4096}, Size{"number of heads", config.num_heads, 65536},
        Size{"number of key-value heads", config.num_kv_heads, 65536}, Size{"head size", config.head_dim, 65536},
        Size{"context length", config.max_positions, 256 * kMillion},
        Size{"width of all heads", config.num_heads * config.head_dim, kMillion}}) {
    if (size.value < 1 || size.value > size.largest) {
      return bad_data(source + ": a " + size.name + " of " + std::to_string(size.value) +
                      " is that of no model; the file is broken, fetch it again");
    }
  }
  if (config.num_heads % config.num_kv_heads != 0) {
    return bad_data(source + ": num_attention_heads " + std::to_string(config.num_heads) +
                    " is not a multiple of num_key_value_heads " + std::to_string(config.num_kv_heads));
  }
  if (config.head_dim % 2 != 0) {
    return bad_data(source + ": head_dim " + std::to_string(config.head_dim) +
                    " is odd; rotary positions need an even one");
  }
  return {};
}

}  // namespace ipr::model
