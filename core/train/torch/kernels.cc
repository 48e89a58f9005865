#include "core/train/torch/kernels.h"

#include "core/model/kernels.h"
#include "core/train/torch/kernels_table.h"

namespace ipr::train {

std::int64_t attention_scratch(std::int64_t tokens, std::int64_t head_dim) {
  const std::int64_t padded = (tokens + 63) / 32 * 32;
  return 14 * padded * head_dim + 64 * padded;
}

const Kernels& best_kernels() {
#if defined(__x86_64__)
  if (model::has_amx() && __builtin_cpu_supports("avx512bw")) return kernels_amx;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16")) return kernels_avx512bf16;
  if (__builtin_cpu_supports("avx512f")) return kernels_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return kernels_avx2;
#endif
  return kernels_portable;
}

}  // namespace ipr::train
