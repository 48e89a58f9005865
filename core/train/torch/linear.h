// One linear product of the model, with its low-rank change where it has one.
//
//   y = x W^T + bias + scale * (x A^T) B^T        (Hu et al. 2021)
//
// Neighbouring products of one input (q, k, v; gate, up) are one fused Linear; each part of it may have a change of its
// own. All tensors are on one device; x, W and y are of one floating type, A and B of that type as well. Of a bf16
// layer on the CPU, rounded_products.h runs what is added up in f32 (the residual's branches, logits, gradients of
// weights), LibTorch the other large products, and our kernels.h the sums around them and those along the rank.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ipr::train {

struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out], or undefined
  // The change of rows [first_row, first_row + b.size(0)).
  struct Adapter {
    at::Tensor a;  // [rank, in]
    at::Tensor b;  // [rows, rank]
    std::int64_t first_row = 0;
  };
  std::vector<Adapter> adapters;
  double scale = 1;
};

// x [n, in] -> [n, out].
[[nodiscard]] at::Tensor linear(const at::Tensor& x, const Linear& layer);
// residual + linear(x), of the residual's type, which may be f32 where x is bf16.
[[nodiscard]] at::Tensor add_linear(const at::Tensor& residual, const at::Tensor& x, const Linear& layer);
// x weight^T in f32, of bf16 factors, too: the logits.
[[nodiscard]] at::Tensor product_f32(const at::Tensor& x, const at::Tensor& weight);

// The gradient at an output in the type that the products of backward take: the weight's, or rounder where it may be.
[[nodiscard]] at::Tensor upstream_factor(const at::Tensor& d_y, const at::Tensor& weight);

// Backward, in two parts because some inputs are made again only when the gradient at the output is there. `d_y` is
// what upstream_factor makes of it. The first part gives the gradients at x and, of a layer with adapters, at their
// low-rank inputs x A^T, those of all adapters side by side; the second takes these and adds to those tensors of
// `gradients` that are defined: f32, laid out as `layer`, whose other tensors are frozen.
struct InputGradients {
  at::Tensor x;    // [n, in]
  at::Tensor low;  // [n, sum of ranks]; undefined without adapters
};
[[nodiscard]] InputGradients linear_input_gradients(const at::Tensor& d_y, const Linear& layer);
// d_y W, of W's type.
[[nodiscard]] at::Tensor input_gradient(const at::Tensor& d_y, const at::Tensor& weight);
void add_linear_gradients(const at::Tensor& x, const at::Tensor& d_y, const at::Tensor& d_low, const Linear& layer,
                          Linear& gradients);
// gradient += d_y^T x, with the gradient in f32.
void add_weight_gradient(at::Tensor& gradient, const at::Tensor& d_y, const at::Tensor& x);

}  // namespace ipr::train
