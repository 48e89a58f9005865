// The scalar head: value = w . x + b of each row of x, in f32 whatever the type of x and w.
#pragma once

#include <ATen/core/Tensor.h>

namespace ipr::train {

// x [n, hidden], w [1, hidden], b [1] -> f32 [n]. A row's value does not depend on the other rows.
[[nodiscard]] at::Tensor values_of(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b);
// The gradient at x, of x's type, for that at the values, f32 [n]; adds those at w and b (f32) where they are defined.
[[nodiscard]] at::Tensor values_backward(const at::Tensor& x, const at::Tensor& w, const at::Tensor& d_value,
                                         at::Tensor& d_w, at::Tensor& d_b);

}  // namespace ipr::train
