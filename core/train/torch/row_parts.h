// Rows of a tensor dealt out to threads, and the numbers in it as our kernels take them.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>

#include "core/train/torch/kernels.h"

namespace ipr::train {

// Parts of `rows` that run side by side, the same for the same thread count. Inside a parallel region (one replica per
// thread) there is one.
inline std::int64_t parts_of(std::int64_t rows) {
  constexpr std::int64_t kRowsPerPart = 64;
  const std::int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  return std::clamp<std::int64_t>(rows / kRowsPerPart, 1, threads);
}

// function(part, first, last) for each part of [0, rows).
template <typename Function>
void each_part(std::int64_t rows, const Function& function) {
  const std::int64_t parts = parts_of(rows);
  at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) function(part, part * rows / parts, (part + 1) * rows / parts);
  });
}

template <typename Number>
Number* numbers_of(at::Tensor& tensor) {
  return static_cast<Number*>(tensor.mutable_data_ptr());
}
template <typename Number>
const Number* numbers_of(const at::Tensor& tensor) {
  return static_cast<const Number*>(tensor.const_data_ptr());
}
inline float* floats(at::Tensor& tensor) {
  return tensor.mutable_data_ptr<float>();
}
inline const float* floats(const at::Tensor& tensor) {
  return tensor.const_data_ptr<float>();
}

// function(number, kernels) with the kernels of a tensor's type; the number only names the type.
template <typename Function>
void with_kernels(const at::Tensor& tensor, const Function& function) {
  if (tensor.scalar_type() == at::kBFloat16) {
    function(Bf16{}, best_kernels().bf16);
  } else {
    function(0.0f, best_kernels().f32);
  }
}

}  // namespace ipr::train
