// One linear product of the model, with its low-rank change where it has one.
//
//   y = x W^T + bias + scale * (x A^T) B^T        (Hu et al. 2021)
//
// Neighbouring products of one input (q, k, v; gate, up) are one fused Linear; each part of it may have a change of its
// own. All tensors are on one device; x, W and y are of one floating type, A and B of that type as well.
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
// residual + linear(x).
[[nodiscard]] at::Tensor add_linear(const at::Tensor& residual, const at::Tensor& x, const Linear& layer);

}  // namespace ipr::train
