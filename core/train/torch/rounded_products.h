// Matrix products on the CPU whose factors are rounded to bf16 and whose sums stay f32: on the engine's kernels
// (core/model/kernels.h), with AMX or AVX-512-BF16 at twice to many times the speed of f32.
//
// LibTorch's own bf16 products round the sums, too: of a logit of 20 that is up to 0.06, of its log-prob twice that.
// The weights are packed on the way, for all rows of a call at once. A row's bits do not depend on its company.
//
// Factors are f32 or bf16, with neighbouring columns side by side in memory.
#pragma once

#include <ATen/core/Tensor.h>

namespace ipr::train {

// x in bf16, as the products take their factors; of a factor of several products, rounding it once is enough.
[[nodiscard]] at::Tensor rounded(const at::Tensor& x);

// x weight^T: [n, in], [out, in] -> f32 [n, out].
[[nodiscard]] at::Tensor rounded_product(const at::Tensor& x, const at::Tensor& weight);
// d_y weight: [n, out], [out, in] -> f32 [n, in].
[[nodiscard]] at::Tensor rounded_input_gradient(const at::Tensor& d_y, const at::Tensor& weight);
// gradient += d_y^T x: f32 [out, in]; [n, out], [n, in].
void add_rounded_weight_gradient(at::Tensor& gradient, const at::Tensor& d_y, const at::Tensor& x);

}  // namespace ipr::train
