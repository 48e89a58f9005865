// The product of a LoRA pair with few rows in common; part of kernels_simd.h, which see, and included by it alone.
#pragma once

#include "core/train/torch/simd.h"

namespace ipr::train {
namespace {

// kCount rows of y by kVecs registers of columns: the sums stay in registers over the whole rank.
template <int kCount, int kVecs, typename Number>
IPR_INLINE void add_low_rank_tile(const float* low, int64_t low_stride, const float* m, int64_t rank, int64_t size,
                                  Number* y, int64_t y_stride) {
  Vec total[kCount][kVecs]{};
  for (int64_t k = 0; k < rank; ++k) {
    Vec columns[kVecs];
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) columns[v] = load(m + k * size + v * kWidth);
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < kVecs; ++v) total[i][v] += splat(low[i * low_stride + k]) * columns[v];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kCount; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) {
      Number* const to = y + i * y_stride + v * kWidth;
      store(to, load(to) + total[i][v]);
    }
  }
}

template <int kCount, typename Number>
IPR_INLINE void add_low_rank_rows(const float* low, int64_t low_stride, const float* m, int64_t rank, int64_t size,
                                  Number* y, int64_t y_stride) {
  int64_t j = 0;
  for (; j + 2 * kWidth <= size; j += 2 * kWidth) {
    add_low_rank_tile<kCount, 2>(low, low_stride, m + j, rank, size, y + j, y_stride);
  }
  for (; j + kWidth <= size; j += kWidth) {
    add_low_rank_tile<kCount, 1>(low, low_stride, m + j, rank, size, y + j, y_stride);
  }
  for (; j < size; ++j) {
    for (int i = 0; i < kCount; ++i) {
      float total = 0;
      for (int64_t k = 0; k < rank; ++k) total += low[i * low_stride + k] * m[k * size + j];
      put(y + i * y_stride + j, value_of(y[i * y_stride + j]) + total);
    }
  }
}

template <typename Number>
void add_low_rank(const float* low, int64_t low_stride, const float* m, int64_t rows, int64_t rank, int64_t size,
                  Number* y, int64_t y_stride) {
  int64_t r = 0;
  for (; r + kRows <= rows; r += kRows) {
    add_low_rank_rows<kRows>(low + r * low_stride, low_stride, m, rank, size, y + r * y_stride, y_stride);
  }
  for (; r < rows; ++r)
    add_low_rank_rows<1>(low + r * low_stride, low_stride, m, rank, size, y + r * y_stride, y_stride);
}

}  // namespace
}  // namespace ipr::train
