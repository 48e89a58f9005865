#include "core/train/torch/linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>

namespace ipr::train {
namespace {

// The columns of y (or of its gradient) that an adapter changes.
at::Tensor part_of(const at::Tensor& y, const Linear::Adapter& adapter) {
  return y.narrow(1, adapter.first_row, adapter.b.size(0));
}

void add_changes(at::Tensor& y, const at::Tensor& x, const Linear& layer) {
  for (const Linear::Adapter& adapter : layer.adapters) {
    part_of(y, adapter).addmm_(at::mm(x, adapter.a.t()), adapter.b.t(), 1, layer.scale);
  }
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const Linear& layer) {
  at::Tensor y = layer.bias.defined() ? at::addmm(layer.bias, x, layer.weight.t()) : at::mm(x, layer.weight.t());
  add_changes(y, x, layer);
  return y;
}

at::Tensor add_linear(const at::Tensor& residual, const at::Tensor& x, const Linear& layer) {
  if (residual.scalar_type() != x.scalar_type()) return at::add(residual, linear(x, layer));
  at::Tensor y = at::addmm(residual, x, layer.weight.t());
  if (layer.bias.defined()) y.add_(layer.bias);
  add_changes(y, x, layer);
  return y;
}

at::Tensor product_f32(const at::Tensor& x, const at::Tensor& weight) {
  if (x.is_cuda() && x.scalar_type() != at::kFloat) return at::mm(x, weight.t(), at::kFloat);
  return at::mm(x, weight.t()).to(at::kFloat);
}

at::Tensor linear_input_gradient(const at::Tensor& d_y, const Linear& layer) {
  at::Tensor d_x = at::mm(d_y, layer.weight);
  for (const Linear::Adapter& adapter : layer.adapters) {
    d_x.addmm_(at::mm(part_of(d_y, adapter), adapter.b), adapter.a, 1, layer.scale);
  }
  return d_x;
}

void add_linear_gradients(const at::Tensor& x, const at::Tensor& d_y, const Linear& layer, Linear& gradients) {
  if (gradients.weight.defined()) add_weight_gradient(gradients.weight, d_y, x);
  if (gradients.bias.defined()) gradients.bias.add_(at::sum(d_y, 0, false, at::kFloat));
  for (std::size_t i = 0; i < layer.adapters.size(); ++i) {
    const Linear::Adapter& adapter = layer.adapters[i];
    const at::Tensor d_part = part_of(d_y, adapter);
    add_weight_gradient(gradients.adapters[i].b, d_part, at::mm(x, adapter.a.t()) * layer.scale);
    add_weight_gradient(gradients.adapters[i].a, at::mm(d_part, adapter.b) * layer.scale, x);
  }
}

void add_weight_gradient(at::Tensor& gradient, const at::Tensor& d_y, const at::Tensor& x) {
  if (x.scalar_type() == at::kFloat) {
    gradient.addmm_(d_y.t(), x);
  } else {
    gradient.add_(at::mm(d_y.t(), x));
  }
}

}  // namespace ipr::train
