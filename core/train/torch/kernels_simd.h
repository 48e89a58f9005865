// The training kernels, written once; each kernels_<family>.cc sets the macros of simd.h and compiles them with its own
// flags.
#pragma once

#include "core/train/torch/attention_simd.h"
#include "core/train/torch/simd.h"

namespace ipr::train {
namespace {

void rms_norm(const float* x, const float* w, float eps, int64_t rows, int64_t size, float* y) {
  for (int64_t r = 0; r < rows; ++r, x += size, y += size) {
    const float scale = 1.0f / __builtin_sqrtf(dot(x, x, size) / static_cast<float>(size) + eps);
    for (int64_t i = 0; i < size; ++i) y[i] = x[i] * scale * w[i];
  }
}

// y = x r w:  gx = r (gy w) - x r^3 mean(gy w x),  gw = sum over rows of gy x r.
void rms_norm_backward(const float* x, const float* w, float eps, const float* gy, int64_t rows, int64_t size,
                       float* gx, float* gw) {
  for (int64_t r = 0; r < rows; ++r, x += size, gy += size, gx += size) {
    const float scale = 1.0f / __builtin_sqrtf(dot(x, x, size) / static_cast<float>(size) + eps);
    Vec total{};
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) {
      const Vec product = load(gy + i) * load(x + i);
      total += product * load(w + i);
      store(gw + i, load(gw + i) + product * splat(scale));
    }
    float inner = sum_of(total);
    for (; i < size; ++i) {
      inner += gy[i] * x[i] * w[i];
      gw[i] += gy[i] * x[i] * scale;
    }
    const float pull = inner * scale * scale * scale / static_cast<float>(size);
    for (int64_t j = 0; j < size; ++j) gx[j] += gy[j] * w[j] * scale - x[j] * pull;
  }
}

IPR_INLINE Vec sigmoid(Vec x) {
  return splat(1.0f) / (splat(1.0f) + exp_of(-x));
}

void swiglu(const float* gate_up, int64_t rows, int64_t size, float* y) {
  for (int64_t r = 0; r < rows; ++r, gate_up += 2 * size, y += size) {
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) {
      const Vec gate = load(gate_up + i);
      store(y + i, gate * sigmoid(gate) * load(gate_up + size + i));
    }
    for (; i < size; ++i) y[i] = gate_up[i] / (1.0f + exp_of(-gate_up[i])) * gate_up[size + i];
  }
}

// With s = sigmoid(gate): d silu = s (1 + gate (1 - s)).
void swiglu_backward(float* gate_up, const float* gy, int64_t rows, int64_t size, float* y) {
  for (int64_t r = 0; r < rows; ++r, gate_up += 2 * size, gy += size, y += size) {
    float* const ups = gate_up + size;
    int64_t i = 0;
    for (; i + kWidth <= size; i += kWidth) {
      const Vec gate = load(gate_up + i), up = load(ups + i), g = load(gy + i), s = sigmoid(gate);
      store(y + i, gate * s * up);
      store(gate_up + i, g * up * s * (splat(1.0f) + gate * (splat(1.0f) - s)));
      store(ups + i, g * gate * s);
    }
    for (; i < size; ++i) {
      const float gate = gate_up[i], up = ups[i], s = 1.0f / (1.0f + exp_of(-gate));
      y[i] = gate * s * up;
      gate_up[i] = gy[i] * up * s * (1.0f + gate * (1.0f - s));
      ups[i] = gy[i] * gate * s;
    }
  }
}

IPR_INLINE void scale_by(float* x, int64_t size, float factor) {
  for (int64_t i = 0; i < size; ++i) x[i] *= factor;
}

void softmax_pick(float* logits, const int64_t* target, int64_t rows, int64_t vocab, float* logp) {
  for (int64_t r = 0; r < rows; ++r, logits += vocab) {
    const float top = largest(logits, vocab), wanted = logits[target[r]];
    const float sum = exp_sum(logits, vocab, top);
    logp[r] = wanted - top - __builtin_logf(sum);
    scale_by(logits, vocab, 1.0f / sum);
  }
}

void softmax_pick_backward(float* p, const int64_t* target, const float* d_logp, int64_t rows, int64_t vocab) {
  for (int64_t r = 0; r < rows; ++r, p += vocab) {
    scale_by(p, vocab, -d_logp[r]);
    p[target[r]] += d_logp[r];
  }
}

double sum_of_squares(const float* x, int64_t size) {
  constexpr int64_t kPiece = 4096;  // short enough that float keeps six digits
  double total = 0;
  for (int64_t i = 0; i < size; i += kPiece) total += dot(x + i, x + i, size - i < kPiece ? size - i : kPiece);
  return total;
}

constexpr Kernels make_kernels(const char* family) {
  return {
      family,    rms_norm,           rms_norm_backward, swiglu, swiglu_backward, softmax_pick, softmax_pick_backward,
      attention, attention_backward, sum_of_squares};
}

}  // namespace
}  // namespace ipr::train
