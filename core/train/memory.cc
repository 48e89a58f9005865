#include "core/train/memory.h"

namespace ipr::train {

TapeBytes tape_bytes_per_token(const model::LlamaConfig& config, bool bf16) {
  const std::int64_t size = bf16 ? 2 : 4;
  const std::int64_t query = config.num_heads * config.head_dim, key = config.num_kv_heads * config.head_dim;
  const std::int64_t residual = 4 * config.hidden_size;                          // f32 in either type
  std::int64_t values = query + 2 * key + query + 2 * config.intermediate_size;  // qkv, attended, gate_up
  values +=
      query + key + query;  // LibTorch's attention: rotated queries and keys, and what it gave before it was joined
  if (config.qk_norm) values += query + 2 * key;
  return {2 * residual + size * values + 4 * config.num_heads, residual};
}

}  // namespace ipr::train
