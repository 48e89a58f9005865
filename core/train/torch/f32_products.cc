#include "core/train/torch/f32_products.h"

#include <ATen/Context.h>
#include <ATen/cpu/Utils.h>

namespace ipr::train {
namespace {

bool rounds_backward = false;

bool multiplies_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") > 0;
#else
  return false;
#endif
}

}  // namespace

at::Tensor backward_factor(const at::Tensor& x) {
  return rounds_backward && x.scalar_type() == at::kFloat ? x.to(at::kBFloat16) : x;
}

void choose_f32_products(bool may_round) {
  static const bool would_round = at::cpu::init_amx();
  const bool asks_onednn = may_round || !would_round;
  rounds_backward = may_round && !would_round && multiplies_bf16();
  at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL,
                                          asks_onednn ? at::Float32Precision::BF16 : at::Float32Precision::IEEE);
}

}  // namespace ipr::train
