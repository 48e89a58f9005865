#include "core/train/torch/f32_products.h"

#include <ATen/Context.h>
#include <ATen/cpu/Utils.h>

namespace ipr::train {

void choose_f32_products(bool may_round) {
  static const bool would_round = at::cpu::init_amx();
  const bool asks_onednn = may_round || !would_round;
  at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL,
                                          asks_onednn ? at::Float32Precision::BF16 : at::Float32Precision::IEEE);
}

}  // namespace ipr::train
