#include "core/train/torch/f32_products.h"

#include <ATen/Context.h>

#include "core/model/kernels.h"

namespace ipr::train {
namespace {
bool rounds_backward = false;
}  // namespace

at::Tensor backward_factor(const at::Tensor& x) {
  return rounds_backward && x.scalar_type() == at::kFloat ? x.to(at::kBFloat16) : x;
}

void choose_f32_products(bool may_round) {
  const bool onednn_would_round = model::has_amx(), asks_onednn = may_round || !onednn_would_round;
  rounds_backward = may_round && !onednn_would_round && model::multiplies_bf16();
  at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL,
                                          asks_onednn ? at::Float32Precision::BF16 : at::Float32Precision::IEEE);
}

}  // namespace ipr::train
