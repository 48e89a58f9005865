#include "core/model/kernels.h"

#include <vector>

#include "core/model/kernels_table.h"

namespace ipr::model {
namespace {

struct Detected {
  std::vector<const Kernels*> f32, bf16;  // best first
  bool multiplies_bf16 = false, amx = false;
};

Detected detect() {
  Detected found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f");
  const bool avx512bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
  const bool amx = avx512bf16 && may_use_amx();
  if (avx512) found.f32.push_back(&kernels_avx512);
  if (avx2) found.f32.push_back(&kernels_avx2);
  if (amx) found.bf16.push_back(&kernels_bf16_amx);
  if (avx512bf16) found.bf16.push_back(&kernels_bf16_avx512bf16);
  if (avx512) found.bf16.push_back(&kernels_bf16_avx512);
  if (avx2) found.bf16.push_back(&kernels_bf16_avx2);
  found.multiplies_bf16 = avx512bf16;
  found.amx = amx;
#endif
  found.f32.push_back(&kernels_portable);
  found.bf16.push_back(&kernels_bf16_portable);
  return found;
}

const Detected& detected() {
  static const Detected found = detect();
  return found;
}

}  // namespace

std::span<const Kernels* const> available_kernels(Width width) {
  return width == Width::kF32 ? detected().f32 : detected().bf16;
}

const Kernels& best_kernels(Width width) {
  return *available_kernels(width).front();
}

bool multiplies_bf16() {
  return detected().multiplies_bf16;
}

bool has_amx() {
  return detected().amx;
}

}  // namespace ipr::model
