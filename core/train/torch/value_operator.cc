#include "core/train/torch/value_operator.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/sum.h>

namespace ipr::train {

// Products and sums along each row, not a matrix product: that one rounds by the number of rows.
at::Tensor values_of(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
  return (x.to(at::kFloat) * w.to(at::kFloat)).sum(at::IntArrayRef{1}) + b.to(at::kFloat);
}

at::Tensor values_backward(const at::Tensor& x, const at::Tensor& w, const at::Tensor& d_value, at::Tensor& d_w,
                           at::Tensor& d_b) {
  const at::Tensor upstream = d_value.unsqueeze(1);  // [n, 1]
  if (d_w.defined()) d_w.add_((x.to(at::kFloat) * upstream).sum(at::IntArrayRef{0}, /*keepdim=*/true));
  if (d_b.defined()) d_b.add_(d_value.sum());
  return (upstream * w.to(at::kFloat)).to(x.scalar_type()).contiguous();
}

}  // namespace ipr::train
