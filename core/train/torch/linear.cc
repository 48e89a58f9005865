#include "core/train/torch/linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>

#include <utility>

#include "core/train/torch/f32_products.h"
#include "core/train/torch/operators.h"
#include "core/train/torch/rounded_products.h"
#include "core/train/torch/row_parts.h"

namespace ipr::train {
namespace {

bool runs_own(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kBFloat16;
}

// The columns of y (or of its gradient) that an adapter changes.
at::Tensor part_of(const at::Tensor& y, const Linear::Adapter& adapter) {
  return y.narrow(1, adapter.first_row, adapter.b.size(0));
}

// The matrices A of all adapters, one below the other: what they have in common is one product.
at::Tensor joined_a(const Linear& layer) {
  if (layer.adapters.size() == 1) return layer.adapters[0].a;
  std::vector<at::Tensor> all;
  for (const Linear::Adapter& adapter : layer.adapters) all.push_back(adapter.a);
  return at::cat(all, 0);
}

// function(adapter, its columns of `low`) for each adapter of the layer.
template <typename Function>
void each_adapter(const Linear& layer, const at::Tensor& low, const Function& function) {
  std::int64_t first = 0;
  for (std::size_t i = 0; i < layer.adapters.size(); ++i) {
    const std::int64_t rank = layer.adapters[i].a.size(0);
    function(i, low.narrow(1, first, rank));
    first += rank;
  }
}

// y += scale * low m, for y [n, size], low [n, rank], m [rank, size], where the rank is small.
void add_low_rank(at::Tensor y, const at::Tensor& low, const at::Tensor& m, double scale) {
  if (!runs_own(y)) {
    y.addmm_(low, m, 1, scale);
    return;
  }
  const at::Tensor left = low.to(at::kFloat);
  const at::Tensor right = m.to(at::kFloat, false, false, at::MemoryFormat::Contiguous).mul_(scale);
  Bf16* const to = numbers_of<Bf16>(y);
  const std::int64_t stride = y.stride(0), low_stride = left.stride(0);
  each_part(y.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
    best_kernels().bf16.add_low_rank(floats(left) + first * low_stride, low_stride, floats(right), last - first,
                                     right.size(0), right.size(1), to + first * stride, stride);
  });
}

void add_changes(at::Tensor& y, const at::Tensor& x, const Linear& layer) {
  if (layer.adapters.empty()) return;
  each_adapter(layer, at::mm(x, joined_a(layer).t()), [&](std::size_t i, const at::Tensor& low) {
    const Linear::Adapter& adapter = layer.adapters[i];
    add_low_rank(part_of(y, adapter), low, adapter.b.t(), layer.scale);
  });
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const Linear& layer) {
  at::Tensor y;
  if (may_round_product(x)) {
    y = rounded_product(x, layer.weight);
    if (layer.bias.defined()) y.add_(layer.bias);
  } else {
    y = layer.bias.defined() ? at::addmm(layer.bias, x, layer.weight.t()) : at::mm(x, layer.weight.t());
  }
  add_changes(y, x, layer);
  return y;
}

at::Tensor add_linear(const at::Tensor& residual, const at::Tensor& x, const Linear& layer) {
  if (may_round_product(x)) return linear(x, layer).add_(residual);
  // Rounding what is added would cost the f32 sum its digits.
  if (runs_own(x) && layer.adapters.empty() && residual.scalar_type() == at::kFloat) {
    at::Tensor y = rounded_product(x, layer.weight).add_(residual);
    if (layer.bias.defined()) y.add_(layer.bias);
    return y;
  }
  if (residual.scalar_type() != x.scalar_type()) return add(residual, linear(x, layer), runs_own(x));
  at::Tensor y = at::addmm(residual, x, layer.weight.t());
  if (layer.bias.defined()) y.add_(layer.bias);
  add_changes(y, x, layer);
  return y;
}

at::Tensor product_f32(const at::Tensor& x, const at::Tensor& weight) {
  if (runs_own(x) || may_round_product(x)) return rounded_product(x, weight);
  return x.scalar_type() == at::kFloat ? at::mm(x, weight.t()) : at::mm(x, weight.t(), at::kFloat);
}

at::Tensor input_gradient(const at::Tensor& d_y, const at::Tensor& weight) {
  return may_round_product(weight) ? rounded_input_gradient(d_y, weight) : at::mm(d_y, weight);
}

at::Tensor upstream_factor(const at::Tensor& d_y, const at::Tensor& weight) {
  return may_round_product(weight) ? rounded(d_y) : d_y.to(weight.scalar_type());
}

InputGradients linear_input_gradients(const at::Tensor& d_y, const Linear& layer) {
  InputGradients gradients{input_gradient(d_y, layer.weight), {}};
  if (layer.adapters.empty()) return gradients;
  std::vector<at::Tensor> parts;
  for (const Linear::Adapter& adapter : layer.adapters) {
    parts.push_back(at::mm(part_of(d_y, adapter).to(adapter.b.scalar_type()), adapter.b));
  }
  gradients.low = (parts.size() == 1 ? parts[0] : at::cat(parts, 1)).mul_(layer.scale);
  add_low_rank(gradients.x, gradients.low, joined_a(layer), 1);
  return gradients;
}

void add_linear_gradients(const at::Tensor& x, const at::Tensor& d_y, const at::Tensor& d_low, const Linear& layer,
                          Linear& gradients) {
  if (gradients.weight.defined()) add_weight_gradient(gradients.weight, d_y, x);
  if (gradients.bias.defined()) gradients.bias.add_(at::sum(d_y, 0, false, at::kFloat));
  if (layer.adapters.empty()) return;
  each_adapter(layer, at::mm(x, joined_a(layer).t()).mul_(layer.scale), [&](std::size_t i, const at::Tensor& low) {
    add_weight_gradient(gradients.adapters[i].b, part_of(d_y, layer.adapters[i]), low);
  });
  const at::Tensor d_a = at::mm(d_low.t(), x);
  std::int64_t row = 0;
  for (Linear::Adapter& gradient : gradients.adapters) {
    add_to(gradient.a, d_a.narrow(0, row, gradient.a.size(0)), runs_own(x));
    row += gradient.a.size(0);
  }
}

void add_weight_gradient(at::Tensor& gradient, const at::Tensor& d_y, const at::Tensor& x) {
  if (runs_own(x) || may_round_product(x)) {
    add_rounded_weight_gradient(gradient, d_y, x);
  } else if (x.scalar_type() == at::kFloat) {
    gradient.addmm_(d_y.t(), x);
  } else {
    gradient.add_(at::mm(d_y.t(), x));
  }
}

}  // namespace ipr::train
