// Attention forward and backward; part of kernels_simd.h, which see, and included by it alone.
//
// A head's rows are copied out, rotated, into dense buffers; keys and values also transposed, so that the products run
// along the keys. Queries go in blocks of kBlock; the scores of a block are a [kBlock, stride] strip. Forward keeps the
// logarithm of each softmax's denominator; backward makes the weights from it again instead of storing them
// (Dao et al. 2022).
#pragma once

#include "core/train/torch/simd.h"

namespace ipr::train {
namespace {

IPR_INLINE int64_t round_up(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

// Half of a head in one vector.
template <int kDim>
struct HalfOf;
template <>
struct HalfOf<16> {
  using Type = float __attribute__((vector_size(32)));
};
template <>
struct HalfOf<32> {
  using Type = float __attribute__((vector_size(64)));
};

// to = `from` rotated by the angles of its position, times scale; sign -1 turns back. Hugging Face's layout: value i
// pairs with i + dim / 2.
template <int kDim>
IPR_INLINE void rotate(const float* from, const float* cos, const float* sin, float sign, float scale, float* to) {
  constexpr int kHalf = kDim / 2;
  using Half = typename HalfOf<kDim>::Type;
  const auto half = [](const float* x) {
    Half values;
    __builtin_memcpy(&values, x, sizeof values);
    return values;
  };
  const Half c = half(cos) * scale, s = half(sin) * (sign * scale);
  const Half low = half(from) * c - half(from + kHalf) * s, high = half(from + kHalf) * c + half(from) * s;
  __builtin_memcpy(to, &low, sizeof low);
  __builtin_memcpy(to + kHalf, &high, sizeof high);
}

template <int kDim>
IPR_INLINE void transpose(const float* from, int64_t tokens, int64_t stride, float* to) {
  for (int d = 0; d < kDim; ++d) {
    for (int64_t t = 0; t < tokens; ++t) to[d * stride + t] = from[t * kDim + d];
    for (int64_t t = tokens; t < stride; ++t) to[d * stride + t] = 0;
  }
}

// The keys that a block of queries looks at, [begin, end); both are multiples of 32.
struct Keys {
  int64_t begin, end;
};

// strip[i][j] = sum over d of rows[i][d] * columns[d][j], for kBlock rows and the keys j.
template <int kDim>
IPR_INLINE void strip_product(const float* rows, const float* columns, int64_t stride, Keys keys, float* strip) {
  for (int first = 0; first < kBlock; first += kRows) {
    for (int64_t j = keys.begin; j < keys.end; j += 2 * kWidth) {
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

// out[i] = sum over the keys j of strip[i][j] * rows[j].
template <int kDim>
IPR_INLINE void strip_times_rows(const float* strip, int64_t stride, const float* rows, Keys keys, float* out) {
  for (int d = 0; d < kDim; d += kWidth) {
    Vec total[kBlock]{};
    for (int64_t j = keys.begin; j < keys.end; ++j) {
      const Vec row = load(rows + j * kDim + d);
#pragma GCC unroll 8
      for (int i = 0; i < kBlock; ++i) total[i] += splat(strip[i * stride + j]) * row;
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBlock; ++i) store(out + i * kDim + d, total[i]);
  }
}

// out[j] += sum over i of strip[i][j] * rows[i], for the keys j.
template <int kDim>
IPR_INLINE void add_strip_transposed(const float* strip, int64_t stride, const float* rows, Keys keys, float* out) {
  for (int d = 0; d < kDim; d += kWidth) {
    Vec row[kBlock];
#pragma GCC unroll 8
    for (int i = 0; i < kBlock; ++i) row[i] = load(rows + i * kDim + d);
    for (int64_t j = keys.begin; j < keys.end; ++j) {
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

IPR_INLINE int64_t past_tokens(const AttentionTask& task) {
  int64_t tokens = 0;
  for (int64_t i = 0; i < task.past_count; ++i) tokens += task.past[i].tokens;
  return tokens;
}

// body(position, row of the projection) for the past's tokens, then the sequence's own.
template <typename Body>
IPR_INLINE void each_token(const AttentionTask& task, const Body& body) {
  int64_t position = 0;
  for (int64_t i = 0; i < task.past_count; ++i) {
    const AttentionPast& past = task.past[i];
    for (int64_t t = 0; t < past.tokens; ++t) body(position++, past.qkv + t * task.qkv_stride);
  }
  for (int64_t t = 0; t < task.tokens; ++t) body(position++, task.qkv + t * task.qkv_stride);
}

template <int kDim>
IPR_INLINE Buffers lay_out(const AttentionTask& task, int64_t positions) {
  Buffers b;
  b.padded = (positions + 63) / 32 * 32;
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

// to = numbers of the sequence's own tokens from the position `first` on; rows behind the last are cleared.
template <int kDim>
IPR_INLINE void copy_rows(const float* from, int64_t from_stride, int64_t first, int64_t positions, float* to,
                          int64_t padded) {
  for (int64_t t = first; t < positions; ++t) {
    for (int d = 0; d < kDim; ++d) to[t * kDim + d] = from[(t - first) * from_stride + d];
  }
  clear(to + positions * kDim, (padded - positions) * kDim);
}

// Keys, turned, and values of all positions.
template <int kDim>
IPR_INLINE void load_keys_values(const AttentionTask& task, const Buffers& b, int64_t positions) {
  each_token(task, [&](int64_t position, const float* row) {
    const float *const cos = task.cos + position * kDim / 2, *const sin = task.sin + position * kDim / 2;
    rotate<kDim>(row + task.k_offset, cos, sin, 1, 1, b.k + position * kDim);
    for (int d = 0; d < kDim; ++d) b.v[position * kDim + d] = row[task.v_offset + d];
  });
  clear(b.k + positions * kDim, (b.padded - positions) * kDim);
  clear(b.v + positions * kDim, (b.padded - positions) * kDim);
}

// The own tokens' queries of one head, turned and scaled, at their positions.
template <int kDim>
IPR_INLINE void load_queries(const AttentionTask& task, int64_t offset, const Buffers& b, int64_t first,
                             int64_t positions) {
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(kDim));
  for (int64_t t = first; t < positions; ++t) {
    rotate<kDim>(task.qkv + (t - first) * task.qkv_stride + offset, task.cos + t * kDim / 2, task.sin + t * kDim / 2, 1,
                 scale, b.q + t * kDim);
  }
  clear(b.q + positions * kDim, (b.padded - positions) * kDim);
}

constexpr float kMasked = -1e30f;

// Scores of the queries [first, first + kBlock) against the keys they may see; those before and behind are masked.
template <int kDim>
IPR_INLINE Keys block_scores(const Buffers& b, int64_t first, int64_t window) {
  const int64_t oldest = window == 0 || first < window ? 0 : first + 1 - window;
  const Keys keys{oldest / 32 * 32, round_up(first + kBlock, 32)};
  strip_product<kDim>(b.q + first * kDim, b.kt, b.padded, keys, b.scores);
  for (int64_t i = 0; i < kBlock; ++i) {
    float* const row = b.scores + i * b.padded;
    for (int64_t j = first + i + 1; j < keys.end; ++j) row[j] = kMasked;
    for (int64_t j = keys.begin; window > 0 && j + window <= first + i; ++j) row[j] = kMasked;
  }
  return keys;
}

template <int kDim>
void attend(const AttentionTask& task) {
  const int64_t before = past_tokens(task), positions = before + task.tokens;
  const Buffers b = lay_out<kDim>(task, positions);
  load_keys_values<kDim>(task, b, positions);
  transpose<kDim>(b.k, positions, b.padded, b.kt);
  for (int64_t g = 0; g < task.group; ++g) {
    load_queries<kDim>(task, task.q_offset + g * kDim, b, before, positions);
    for (int64_t first = before; first < positions; first += kBlock) {
      const Keys keys = block_scores<kDim>(b, first, task.window);
      float denominator[kBlock];
      for (int64_t i = 0; i < kBlock; ++i) {
        float* const row = b.scores + i * b.padded + keys.begin;
        const float top = largest(row, keys.end - keys.begin);
        denominator[i] = exp_sum(row, keys.end - keys.begin, top);
        if (first + i < positions)
          task.lse[g * task.tokens + first + i - before] = top + __builtin_logf(denominator[i]);
      }
      float out[kBlock * kDim];
      strip_times_rows<kDim>(b.scores, b.padded, b.v, keys, out);
      const int64_t live = positions - first < kBlock ? positions - first : kBlock;
      for (int64_t i = 0; i < live; ++i) {
        float* const to = task.out + (first + i - before) * task.out_stride + task.out_offset + g * kDim;
        for (int d = 0; d < kDim; ++d) to[d] = out[i * kDim + d] / denominator[i];
      }
    }
  }
}

// What a sequence adds to the gradients of its past, and its own keys' and values'.
template <int kDim>
IPR_INLINE void store_key_value_gradients(const AttentionTask& task, const Buffers& b, int64_t before) {
  int64_t position = 0;
  for (int64_t i = 0; i < task.past_count; ++i) {
    for (int64_t t = 0; t < task.past[i].tokens; ++t, ++position) {
      float* const row = task.past[i].d_qkv + t * task.qkv_stride;
      float turned[kDim];
      rotate<kDim>(b.d_k + position * kDim, task.cos + position * kDim / 2, task.sin + position * kDim / 2, -1, 1,
                   turned);
      for (int d = 0; d < kDim; ++d) {
        row[task.k_offset + d] += turned[d];
        row[task.v_offset + d] += b.d_v[position * kDim + d];
      }
    }
  }
  for (int64_t t = 0; t < task.tokens; ++t) {
    float* const row = task.d_qkv + t * task.qkv_stride;
    const int64_t at = before + t;
    rotate<kDim>(b.d_k + at * kDim, task.cos + at * kDim / 2, task.sin + at * kDim / 2, -1, 1, row + task.k_offset);
    for (int d = 0; d < kDim; ++d) row[task.v_offset + d] = b.d_v[at * kDim + d];
  }
}

// Head g's, turned back.
template <int kDim>
IPR_INLINE void store_query_gradients(const AttentionTask& task, int64_t g, const Buffers& b, int64_t before,
                                      int64_t positions) {
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(kDim));
  for (int64_t t = before; t < positions; ++t) {
    rotate<kDim>(b.d_q + t * kDim, task.cos + t * kDim / 2, task.sin + t * kDim / 2, -1, scale,
                 task.d_qkv + (t - before) * task.qkv_stride + task.q_offset + g * kDim);
  }
}

// Keys and values, also transposed; their gradients cleared.
template <int kDim>
IPR_INLINE void begin_backward(const AttentionTask& task, const Buffers& b, int64_t positions) {
  load_keys_values<kDim>(task, b, positions);
  transpose<kDim>(b.k, positions, b.padded, b.kt);
  transpose<kDim>(b.v, positions, b.padded, b.vt);
  clear(b.d_k, b.padded * kDim);
  clear(b.d_v, b.padded * kDim);
}

// With P = softmax(S): dV = P^T dO, dS = P * (dO V^T - rowsum(dO * O)), dQ = dS K, dK = dS^T Q (q already scaled).
template <int kDim>
void attend_backward(const AttentionTask& task) {
  const int64_t before = past_tokens(task), positions = before + task.tokens;
  const Buffers b = lay_out<kDim>(task, positions);
  begin_backward<kDim>(task, b, positions);
  for (int64_t g = 0; g < task.group; ++g) {
    const int64_t head = task.out_offset + g * kDim;
    load_queries<kDim>(task, task.q_offset + g * kDim, b, before, positions);
    copy_rows<kDim>(task.d_out + head, task.out_stride, before, positions, b.d_out, b.padded);
    for (int64_t first = before; first < positions; first += kBlock) {
      const Keys keys = block_scores<kDim>(b, first, task.window);
      strip_product<kDim>(b.d_out + first * kDim, b.vt, b.padded, keys, b.d_scores);
      for (int64_t i = 0; i < kBlock; ++i) {
        float* const p = b.scores + i * b.padded;
        float* const ds = b.d_scores + i * b.padded;
        if (first + i >= positions) {  // a query beyond the last: weighs nothing
          clear(p + keys.begin, keys.end - keys.begin);
          clear(ds + keys.begin, keys.end - keys.begin);
          continue;
        }
        const int64_t own = first + i - before;
        const float delta = dot(task.out + own * task.out_stride + head, b.d_out + (first + i) * kDim, kDim);
        const float lse = task.lse[g * task.tokens + own];
        for (int64_t j = keys.begin; j < keys.end; j += kWidth) {
          const Vec weight = exp_of(load(p + j) - splat(lse));
          store(p + j, weight);
          store(ds + j, weight * (load(ds + j) - splat(delta)));
        }
      }
      strip_times_rows<kDim>(b.d_scores, b.padded, b.k, keys, b.d_q + first * kDim);
      add_strip_transposed<kDim>(b.d_scores, b.padded, b.q + first * kDim, keys, b.d_k);
      add_strip_transposed<kDim>(b.scores, b.padded, b.d_out + first * kDim, keys, b.d_v);
    }
    store_query_gradients<kDim>(task, g, b, before, positions);
  }
  store_key_value_gradients<kDim>(task, b, before);
}

}  // namespace
}  // namespace ipr::train
