#include "core/train/torch/f32_products.h"

#include <ATen/Context.h>

#include "core/model/kernels.h"

namespace ipr::train {
namespace {
bool rounds = false;
}  // namespace

bool may_round_product(const at::Tensor& factor) {
  return rounds && factor.is_cpu() && factor.scalar_type() == at::kFloat;
}

void choose_f32_products(bool may_round) {
  rounds = may_round && model::multiplies_bf16();
  at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL,
                                          model::has_amx() ? at::Float32Precision::IEEE : at::Float32Precision::BF16);
}

}  // namespace ipr::train
