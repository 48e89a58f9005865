// Rotary positions; part of kernels_simd.h, which see, and included by it alone.
#pragma once

#include "core/train/torch/simd.h"

namespace ipr::train {
namespace {

// One number (in a register or alone) of each half of a head, summed over the group.
template <typename Value>
struct Turning {
  Value low, high;
};

template <typename Number>
IPR_INLINE Turning<Vec> loaded(const Number* low, int64_t half, int64_t group, int64_t stride) {
  Turning<Vec> sum{load(low), load(low + half)};
  for (int64_t g = 1; g < group; ++g) {
    sum.low += load(low + g * stride);
    sum.high += load(low + g * stride + half);
  }
  return sum;
}

template <typename Number>
IPR_INLINE Turning<float> loaded_one(const Number* low, int64_t half, int64_t group, int64_t stride) {
  Turning<float> sum{value_of(low[0]), value_of(low[half])};
  for (int64_t g = 1; g < group; ++g) {
    sum.low += value_of(low[g * stride]);
    sum.high += value_of(low[g * stride + half]);
  }
  return sum;
}

// Hugging Face's layout: number i pairs with i + half.
template <typename Value>
IPR_INLINE Turning<Value> turned(Turning<Value> x, Value cos, Value sin) {
  return {x.low * cos - x.high * sin, x.high * cos + x.low * sin};
}

template <typename Number>
void rotate_heads(const RotaryTask<Number>& task) {
  const int64_t half = task.head_dim / 2;
  for (int64_t r = 0; r < task.rows; ++r) {
    const float* const cos = task.cos == nullptr ? nullptr : task.cos + r * half;
    const float* const sin = task.sin == nullptr ? nullptr : task.sin + r * half;
    for (int64_t h = 0; h < task.heads; ++h) {
      const Number* const from = task.from + r * task.from_row + h * task.group * task.from_head;
      Number* const to = task.to + r * task.to_row + h * task.head_dim;
      int64_t i = 0;
      for (; i + kWidth <= half; i += kWidth) {
        Turning<Vec> x = loaded(from + i, half, task.group, task.from_head);
        if (cos != nullptr) x = turned(x, load(cos + i), splat(task.sign) * load(sin + i));
        store(to + i, x.low);
        store(to + i + half, x.high);
      }
      for (; i < half; ++i) {
        Turning<float> x = loaded_one(from + i, half, task.group, task.from_head);
        if (cos != nullptr) x = turned(x, cos[i], task.sign * sin[i]);
        put(to + i, x.low);
        put(to + i + half, x.high);
      }
    }
  }
}

}  // namespace
}  // namespace ipr::train
