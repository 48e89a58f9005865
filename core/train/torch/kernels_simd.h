// The training kernels, written once; each kernels_<family>.cc sets the macros of simd.h and compiles them with its own
// flags.
#pragma once

#ifdef IPR_SIMD_AMX
#include "core/train/torch/attention_tiles_simd.h"
#endif
#ifdef IPR_SIMD_BF16
#include "core/train/torch/attention_rounded_simd.h"
#endif
#include "core/train/torch/attention_simd.h"
#include "core/train/torch/low_rank_simd.h"
#include "core/train/torch/rotary_simd.h"
#include "core/train/torch/simd.h"

namespace ipr::train {
namespace {

template <typename Number>
void rms_norm(const float* x, const float* w, float eps, int64_t rows, int64_t size, Number* y) {
  for (int64_t r = 0; r < rows; ++r, x += size, y += size) {
    const float scale = 1.0f / __builtin_sqrtf(dot(x, x, size) / static_cast<float>(size) + eps);
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) store(y + i, load(x + i) * splat(scale) * load(w + i));
    for (; i < size; ++i) put(y + i, x[i] * scale * w[i]);
  }
}

// y = x r w:  gx = r (gy w) - x r^3 mean(gy w x),  gw = sum over rows of gy x r.
template <typename Number>
void rms_norm_backward(const float* x, const float* w, float eps, const Number* gy, int64_t rows, int64_t size,
                       float* gx, float* gw) {
  for (int64_t r = 0; r < rows; ++r, x += size, gy += size, gx += size) {
    const float scale = 1.0f / __builtin_sqrtf(dot(x, x, size) / static_cast<float>(size) + eps);
    Vec total{};
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) {
      const Vec product = load(gy + i) * load(x + i);
      total += product * load(w + i);
      if (gw != nullptr) store(gw + i, load(gw + i) + product * splat(scale));
    }
    float inner = sum_of(total);
    for (; i < size; ++i) {
      inner += value_of(gy[i]) * x[i] * w[i];
      if (gw != nullptr) gw[i] += value_of(gy[i]) * x[i] * scale;
    }
    const float pull = inner * scale * scale * scale / static_cast<float>(size);
    for (i = 0; i + kWidth <= size; i += kWidth) {
      store(gx + i, load(gx + i) + (load(gy + i) * load(w + i) * splat(scale) - load(x + i) * splat(pull)));
    }
    for (; i < size; ++i) gx[i] += value_of(gy[i]) * w[i] * scale - x[i] * pull;
  }
}

IPR_INLINE Vec sigmoid(Vec x) {
  return splat(1.0f) / (splat(1.0f) + exp_of(-x));
}
IPR_INLINE float sigmoid(float x) {
  return 1.0f / (1.0f + exp_of(-x));
}

template <typename Number>
void swiglu(const Number* gate_up, int64_t rows, int64_t size, Number* y) {
  for (int64_t r = 0; r < rows; ++r, gate_up += 2 * size, y += size) {
    const Number* const ups = gate_up + size;
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) {
      const Vec gate = load(gate_up + i);
      store(y + i, gate * sigmoid(gate) * load(ups + i));
    }
    for (; i < size; ++i) {
      const float gate = value_of(gate_up[i]);
      put(y + i, gate * sigmoid(gate) * value_of(ups[i]));
    }
  }
}

// With s = sigmoid(gate): d silu = s (1 + gate (1 - s)).
template <typename Number>
void swiglu_backward(Number* gate_up, const Number* gy, int64_t rows, int64_t size, Number* y) {
  for (int64_t r = 0; r < rows; ++r, gate_up += 2 * size, gy += size, y += size) {
    Number* const ups = gate_up + size;
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) {
      const Vec gate = load(gate_up + i), up = load(ups + i), g = load(gy + i), s = sigmoid(gate);
      store(y + i, gate * s * up);
      store(gate_up + i, g * up * s * (splat(1.0f) + gate * (splat(1.0f) - s)));
      store(ups + i, g * gate * s);
    }
    for (; i < size; ++i) {
      const float gate = value_of(gate_up[i]), up = value_of(ups[i]), g = value_of(gy[i]), s = sigmoid(gate);
      put(y + i, gate * s * up);
      put(gate_up + i, g * up * s * (1.0f + gate * (1.0f - s)));
      put(ups + i, g * gate * s);
    }
  }
}

template <typename Number>
void softmax_pick(const Number* logits, const int64_t* target, int64_t rows, int64_t vocab, float* logp) {
  for (int64_t r = 0; r < rows; ++r, logits += vocab) {
    const float top = largest(logits, vocab);
    Vec total{};
    int64_t i = 0;
    for (; i + kWidth <= vocab; i += kWidth) total += exp_of(load(logits + i) - splat(top));
    float sum = sum_of(total);
    for (; i < vocab; ++i) sum += exp_of(value_of(logits[i]) - top);
    logp[r] = value_of(logits[target[r]]) - top - __builtin_logf(sum);
  }
}

template <typename Number>
void softmax_pick_backward(Number* logits, const int64_t* target, const float* logp, const float* d_logp, int64_t rows,
                           int64_t vocab) {
  for (int64_t r = 0; r < rows; ++r, logits += vocab) {
    const float lse = value_of(logits[target[r]]) - logp[r], factor = -d_logp[r];
    int64_t i = 0;
    for (; i + kWidth <= vocab; i += kWidth) store(logits + i, splat(factor) * exp_of(load(logits + i) - splat(lse)));
    for (; i < vocab; ++i) put(logits + i, factor * exp_of(value_of(logits[i]) - lse));
    put(logits + target[r], d_logp[r] * (1.0f - exp_of(logp[r])));
  }
}

template <typename Number>
void add(const float* a, const Number* b, int64_t size, float* sum) {
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) store(sum + i, load(a + i) + load(b + i));
  for (; i < size; ++i) sum[i] = a[i] + value_of(b[i]);
}

template <int kDim>
void attention(const AttentionTask& task) {
#ifdef IPR_SIMD_AMX
  if (task.may_round) return attend_tiles<kDim>(task);
#endif
  attend<kDim>(task);
}
template <int kDim>
void attention_backward(const AttentionTask& task) {
#if defined(IPR_SIMD_AMX)
  if (task.may_round) return attend_backward_tiles<kDim>(task);
#elif defined(IPR_SIMD_BF16)
  if (task.may_round) return attend_backward_rounded<kDim>(task);
#endif
  attend_backward<kDim>(task);
}

void attention(const AttentionTask& task) {
  task.head_dim == 16 ? attention<16>(task) : attention<32>(task);
}
void attention_backward(const AttentionTask& task) {
  task.head_dim == 16 ? attention_backward<16>(task) : attention_backward<32>(task);
}

double sum_of_squares(const float* x, int64_t size) {
  constexpr int64_t kPiece = 4096;  // short enough that float keeps six digits
  double total = 0;
  for (int64_t i = 0; i < size; i += kPiece) total += dot(x + i, x + i, size - i < kPiece ? size - i : kPiece);
  return total;
}

template <typename Number>
constexpr NumberKernels<Number> number_kernels() {
  return {rms_norm<Number>,     rms_norm_backward<Number>,     swiglu<Number>, swiglu_backward<Number>,
          softmax_pick<Number>, softmax_pick_backward<Number>, add<Number>,    add_low_rank<Number>,
          rotate_heads<Number>};
}

constexpr Kernels make_kernels(const char* family) {
  return {family, number_kernels<float>(), number_kernels<Bf16>(), attention, attention_backward, sum_of_squares};
}

}  // namespace
}  // namespace ipr::train
