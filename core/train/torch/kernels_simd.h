// The training kernels, written once; each kernels_<family>.cc compiles them with its own flags.
//
// The including file sets IPR_SIMD_WIDTH (floats per register) and IPR_SIMD_ROWS (query rows of a register tile).
// Everything here is in an unnamed namespace and uses no inline function of the standard library: the linker must never
// take one family's instructions for another's code.
#pragma once

#include "core/train/torch/kernels.h"

#define IPR_INLINE __attribute__((always_inline)) inline

namespace ipr::train {
namespace {

using std::int64_t;

constexpr int kWidth = IPR_SIMD_WIDTH;
constexpr int kRows = IPR_SIMD_ROWS;
constexpr int kBlock = 8;  // queries that share one pass over the keys

using Vec = float __attribute__((vector_size(4 * kWidth)));
using Ints = int __attribute__((vector_size(4 * kWidth)));
using Unaligned = float __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

IPR_INLINE Vec load(const float* from) {
  return *reinterpret_cast<const Unaligned*>(from);
}
IPR_INLINE void store(float* to, Vec value) {
  *reinterpret_cast<Unaligned*>(to) = value;
}
IPR_INLINE Vec splat(float value) {
  return value - Vec{};
}

IPR_INLINE float sum_of(Vec value) {
  float total = 0;
  for (int i = 0; i < kWidth; ++i) total += value[i];
  return total;
}

IPR_INLINE float max_of(Vec value) {
  float best = value[0];
  for (int i = 1; i < kWidth; ++i) best = value[i] > best ? value[i] : best;
  return best;
}

constexpr float kExpLow = -87.0f, kExpHigh = 88.0f;

// e^x within 2 units in the last place; 0 below -87 (so that a masked score weighs nothing), e^88 above 88.
IPR_INLINE Vec exp_of(Vec x) {
  const Vec low = splat(kExpLow), high = splat(kExpHigh);
  Vec clamped = x < low ? low : x;
  clamped = clamped > high ? high : clamped;
  const Vec magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
  const Vec n = (clamped * splat(1.44269504088896341f) + magic) - magic;
  const Vec r = (clamped - n * splat(0.693145751953125f)) - n * splat(1.42860682030941723e-6f);
  Vec p = splat(1.9875691500e-4f);  // Cephes' expf polynomial
  p = p * r + splat(1.3981999507e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  p = p * (r * r) + r + splat(1.0f);
  const Ints power = (__builtin_convertvector(n, Ints) + 127) << 23;
  const Vec value = p * reinterpret_cast<Vec>(power);
  return x < low ? Vec{} : value;
}

// The same for the scalars at a row's end: one lane of the vector function, so that length does not change a value.
IPR_INLINE float exp_of(float x) {
  return exp_of(splat(x))[0];
}

IPR_INLINE float dot(const float* a, const float* b, int64_t size) {
  Vec total{};
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) total += load(a + i) * load(b + i);
  float sum = sum_of(total);
  for (; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

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

IPR_INLINE float largest(const float* x, int64_t size) {
  float best = x[0];
  int64_t i = 0;
  if (size >= kWidth) {
    Vec top = load(x);
    for (; i + kWidth <= size; i += kWidth) {
      const Vec v = load(x + i);
      top = v > top ? v : top;
    }
    best = max_of(top);
  }
  for (; i < size; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

// x[i] = e^(x[i] - shift); returns their sum.
IPR_INLINE float exp_sum(float* x, int64_t size, float shift) {
  Vec total{};
  int64_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vec e = exp_of(load(x + i) - splat(shift));
    store(x + i, e);
    total += e;
  }
  float sum = sum_of(total);
  for (; i < size; ++i) sum += x[i] = exp_of(x[i] - shift);
  return sum;
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

// ---- Attention. A head's rows are copied out, rotated, into dense buffers; keys and values also transposed, so that
// the products run along the keys. Queries go in blocks of kBlock; scores of a block are a [kBlock, stride] strip.

IPR_INLINE int64_t round_up(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

// to[t] = rotation of from[t] by position t; sign -1 turns back. Hugging Face's layout: value i pairs with i + dim / 2.
template <int kDim>
IPR_INLINE void rotate(const float* from, const float* cos, const float* sin, float sign, float scale, float* to) {
  constexpr int kHalf = kDim / 2;
  float low[kHalf], high[kHalf];  // `to` may be `from`
  for (int i = 0; i < kHalf; ++i) {
    const float s = sign * sin[i];
    low[i] = (from[i] * cos[i] - from[i + kHalf] * s) * scale;
    high[i] = (from[i + kHalf] * cos[i] + from[i] * s) * scale;
  }
  for (int i = 0; i < kHalf; ++i) to[i] = low[i], to[i + kHalf] = high[i];
}

template <int kDim>
IPR_INLINE void transpose(const float* from, int64_t tokens, int64_t stride, float* to) {
  for (int d = 0; d < kDim; ++d) {
    for (int64_t t = 0; t < tokens; ++t) to[d * stride + t] = from[t * kDim + d];
    for (int64_t t = tokens; t < stride; ++t) to[d * stride + t] = 0;
  }
}

// strip[i][j] = sum over d of rows[i][d] * columns[d][j], for kBlock rows and j < end (a multiple of 32).
template <int kDim>
IPR_INLINE void strip_product(const float* rows, const float* columns, int64_t stride, int64_t end, float* strip) {
  for (int first = 0; first < kBlock; first += kRows) {
    for (int64_t j = 0; j < end; j += 2 * kWidth) {
      Vec left[kRows]{}, right[kRows]{};
      for (int d = 0; d < kDim; ++d) {
        const Vec a = load(columns + d * stride + j), b = load(columns + d * stride + j + kWidth);
#pragma GCC unroll 8
        for (int i = 0; i < kRows; ++i) {
          const Vec q = splat(rows[(first + i) * kDim + d]);
          left[i] += q * a;
          right[i] += q * b;
        }
      }
#pragma GCC unroll 8
      for (int i = 0; i < kRows; ++i) {
        store(strip + (first + i) * stride + j, left[i]);
        store(strip + (first + i) * stride + j + kWidth, right[i]);
      }
    }
  }
}

// out[i] = sum over j < end of strip[i][j] * rows[j].
template <int kDim>
IPR_INLINE void strip_times_rows(const float* strip, int64_t stride, const float* rows, int64_t end, float* out) {
  for (int d = 0; d < kDim; d += kWidth) {
    Vec total[kBlock]{};
    for (int64_t j = 0; j < end; ++j) {
      const Vec row = load(rows + j * kDim + d);
#pragma GCC unroll 8
      for (int i = 0; i < kBlock; ++i) total[i] += splat(strip[i * stride + j]) * row;
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBlock; ++i) store(out + i * kDim + d, total[i]);
  }
}

// out[j] += sum over i of strip[i][j] * rows[i], j < end.
template <int kDim>
IPR_INLINE void add_strip_transposed(const float* strip, int64_t stride, const float* rows, int64_t end, float* out) {
  for (int d = 0; d < kDim; d += kWidth) {
    Vec row[kBlock];
#pragma GCC unroll 8
    for (int i = 0; i < kBlock; ++i) row[i] = load(rows + i * kDim + d);
    for (int64_t j = 0; j < end; ++j) {
      Vec total = load(out + j * kDim + d);
#pragma GCC unroll 8
      for (int i = 0; i < kBlock; ++i) total += splat(strip[i * stride + j]) * row[i];
      store(out + j * kDim + d, total);
    }
  }
}

// Where the pieces of one task lie in its scratch.
struct Buffers {
  int64_t padded = 0;  // tokens rounded up, with room for a last block
  float *q, *k, *v, *kt, *vt, *d_q, *d_k, *d_v, *d_out, *scores, *d_scores;
};

template <int kDim>
IPR_INLINE Buffers lay_out(const AttentionTask& task) {
  Buffers b;
  b.padded = (task.tokens + 63) / 32 * 32;
  float** const pieces[] = {&b.q, &b.k, &b.v, &b.kt, &b.vt, &b.d_q, &b.d_k, &b.d_v, &b.d_out};
  float* next = task.scratch;
  for (float** piece : pieces) {
    *piece = next;
    next += b.padded * kDim;
  }
  b.scores = next;
  b.d_scores = next + kBlock * b.padded;
  return b;
}

IPR_INLINE void clear(float* values, int64_t count) {
  __builtin_memset(values, 0, static_cast<unsigned long>(count) * sizeof(float));
}

template <int kDim>
IPR_INLINE void copy_rows(const float* from, int64_t from_stride, int64_t tokens, float* to, int64_t padded) {
  for (int64_t t = 0; t < tokens; ++t) {
    for (int d = 0; d < kDim; ++d) to[t * kDim + d] = from[t * from_stride + d];
  }
  clear(to + tokens * kDim, (padded - tokens) * kDim);
}

template <int kDim>
IPR_INLINE void rotate_rows(const AttentionTask& task, int64_t offset, float scale, float* to, int64_t padded) {
  for (int64_t t = 0; t < task.tokens; ++t) {
    rotate<kDim>(task.qkv + t * task.qkv_stride + offset, task.cos + t * kDim / 2, task.sin + t * kDim / 2, 1, scale,
                 to + t * kDim);
  }
  clear(to + task.tokens * kDim, (padded - task.tokens) * kDim);
}

constexpr float kMasked = -1e30f;

// Scores of the queries [first, first + kBlock) against the keys they may see; later ones are masked.
template <int kDim>
IPR_INLINE int64_t block_scores(const Buffers& b, int64_t first) {
  const int64_t end = round_up(first + kBlock, 32);
  strip_product<kDim>(b.q + first * kDim, b.kt, b.padded, end, b.scores);
  for (int64_t i = 0; i < kBlock; ++i) {
    for (int64_t j = first + i + 1; j < end; ++j) b.scores[i * b.padded + j] = kMasked;
  }
  return end;
}

template <int kDim>
void attend(const AttentionTask& task) {
  const Buffers b = lay_out<kDim>(task);
  const int64_t tokens = task.tokens;
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(kDim));
  rotate_rows<kDim>(task, task.k_offset, 1, b.k, b.padded);
  transpose<kDim>(b.k, tokens, b.padded, b.kt);
  copy_rows<kDim>(task.qkv + task.v_offset, task.qkv_stride, tokens, b.v, b.padded);
  for (int64_t g = 0; g < task.group; ++g) {
    rotate_rows<kDim>(task, task.q_offset + g * kDim, scale, b.q, b.padded);
    for (int64_t first = 0; first < tokens; first += kBlock) {
      const int64_t end = block_scores<kDim>(b, first);
      float denominator[kBlock];
      for (int64_t i = 0; i < kBlock; ++i) {
        float* const row = b.scores + i * b.padded;
        const float top = largest(row, end);
        denominator[i] = exp_sum(row, end, top);
        if (first + i < tokens) task.lse[g * tokens + first + i] = top + __builtin_logf(denominator[i]);
      }
      float out[kBlock * kDim];
      strip_times_rows<kDim>(b.scores, b.padded, b.v, end, out);
      const int64_t live = tokens - first < kBlock ? tokens - first : kBlock;
      for (int64_t i = 0; i < live; ++i) {
        float* const to = task.out + (first + i) * task.out_stride + task.out_offset + g * kDim;
        for (int d = 0; d < kDim; ++d) to[d] = out[i * kDim + d] / denominator[i];
      }
    }
  }
}

// With P = softmax(S): dV = P^T dO, dS = P * (dO V^T - rowsum(dO * O)), dQ = dS K, dK = dS^T Q (q already scaled).
template <int kDim>
void attend_backward(const AttentionTask& task) {
  const Buffers b = lay_out<kDim>(task);
  const int64_t tokens = task.tokens;
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(kDim));
  rotate_rows<kDim>(task, task.k_offset, 1, b.k, b.padded);
  transpose<kDim>(b.k, tokens, b.padded, b.kt);
  copy_rows<kDim>(task.qkv + task.v_offset, task.qkv_stride, tokens, b.v, b.padded);
  transpose<kDim>(b.v, tokens, b.padded, b.vt);
  clear(b.d_k, b.padded * kDim);
  clear(b.d_v, b.padded * kDim);
  for (int64_t g = 0; g < task.group; ++g) {
    const int64_t head = task.out_offset + g * kDim;
    rotate_rows<kDim>(task, task.q_offset + g * kDim, scale, b.q, b.padded);
    copy_rows<kDim>(task.d_out + head, task.out_stride, tokens, b.d_out, b.padded);
    for (int64_t first = 0; first < tokens; first += kBlock) {
      const int64_t end = block_scores<kDim>(b, first);
      strip_product<kDim>(b.d_out + first * kDim, b.vt, b.padded, end, b.d_scores);
      for (int64_t i = 0; i < kBlock; ++i) {
        float* const p = b.scores + i * b.padded;
        float* const ds = b.d_scores + i * b.padded;
        if (first + i >= tokens) {  // a query beyond the last: weighs nothing
          clear(p, end);
          clear(ds, end);
          continue;
        }
        const float delta = dot(task.out + (first + i) * task.out_stride + head, b.d_out + (first + i) * kDim, kDim);
        const float lse = task.lse[g * tokens + first + i];
        for (int64_t j = 0; j < end; j += kWidth) {
          const Vec weight = exp_of(load(p + j) - splat(lse));
          store(p + j, weight);
          store(ds + j, weight * (load(ds + j) - splat(delta)));
        }
      }
      strip_times_rows<kDim>(b.d_scores, b.padded, b.k, end, b.d_q + first * kDim);
      add_strip_transposed<kDim>(b.d_scores, b.padded, b.q + first * kDim, end, b.d_k);
      add_strip_transposed<kDim>(b.scores, b.padded, b.d_out + first * kDim, end, b.d_v);
    }
    for (int64_t t = 0; t < tokens; ++t) {
      rotate<kDim>(b.d_q + t * kDim, task.cos + t * kDim / 2, task.sin + t * kDim / 2, -1, scale,
                   task.d_qkv + t * task.qkv_stride + task.q_offset + g * kDim);
    }
  }
  for (int64_t t = 0; t < tokens; ++t) {
    float* const row = task.d_qkv + t * task.qkv_stride;
    rotate<kDim>(b.d_k + t * kDim, task.cos + t * kDim / 2, task.sin + t * kDim / 2, -1, 1, row + task.k_offset);
    for (int d = 0; d < kDim; ++d) row[task.v_offset + d] = b.d_v[t * kDim + d];
  }
}

void attention(const AttentionTask& task) {
  if (task.head_dim == 16) {
    attend<16>(task);
  } else {
    attend<32>(task);
  }
}

void attention_backward(const AttentionTask& task) {
  if (task.head_dim == 16) {
    attend_backward<16>(task);
  } else {
    attend_backward<32>(task);
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
