// Attention backward whose four products of gradients take their factors rounded to bf16, two numbers per multiplier;
// part of kernels_simd.h for processors that multiply bf16 (IPR_SIMD_BF16), and included by it alone.
//
// A product takes pairs of neighbours along the dimension that it sums over: dimensions of a head, keys, or queries of
// a block. Sums stay f32, and so do the scores, which are made again as forward made them.
#pragma once

#include "core/train/torch/attention_simd.h"

namespace ipr::train {
namespace {

using UnalignedInts = int __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));
using Word = int __attribute__((aligned(2), may_alias));

// 16 pairs of bf16 in a register; the first of a pair in the lower half.
IPR_INLINE Ints load_pairs(const int* from) {
  return *reinterpret_cast<const UnalignedInts*>(from);
}
IPR_INLINE void store_pairs(int* to, Ints pairs) {
  *reinterpret_cast<UnalignedInts*>(to) = pairs;
}
IPR_INLINE Ints splat_pair(int pair) {
  return pair - Ints{};
}
IPR_INLINE Ints splat_pair(const Bf16* from) {
  return splat_pair(*reinterpret_cast<const Word*>(from));
}
IPR_INLINE Ints pairs_of(Vec first, Vec second) {
  const auto words = [](Vec x) {
    return reinterpret_cast<Ints>(__builtin_convertvector(reinterpret_cast<Halves>(_mm512_cvtneps_pbh(x)), Bits));
  };
  return words(first) | words(second) << 16;
}
IPR_INLINE Vec add_products(Vec sum, Ints a, Ints b) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}

// What backward keeps in bf16, behind the buffers in f32.
struct RoundedBuffers {
  int* key_pairs;      // [padded / 2][dim]: two neighbouring keys
  int* value_pairs;    // [dim / 2][padded]: two neighbouring dimensions of a value
  Bf16* d_scores;      // [kBlock][padded]
  int* d_score_pairs;  // [kBlock / 2][padded]: two neighbouring queries
  int* weight_pairs;   // the same
};

template <int kDim>
IPR_INLINE RoundedBuffers lay_out_rounded(const Buffers& b) {
  RoundedBuffers r;
  r.key_pairs = reinterpret_cast<int*>(b.d_scores + kBlock * b.padded);
  r.value_pairs = r.key_pairs + b.padded / 2 * kDim;
  r.d_score_pairs = r.value_pairs + kDim / 2 * b.padded;
  r.weight_pairs = r.d_score_pairs + kBlock / 2 * b.padded;
  r.d_scores = reinterpret_cast<Bf16*>(r.weight_pairs + kBlock / 2 * b.padded);
  return r;
}

template <int kDim>
IPR_INLINE void round_keys_values(const Buffers& b, const RoundedBuffers& r) {
  for (int64_t j = 0; j < b.padded; j += 2) {
    const float* const key = b.k + j * kDim;
    for (int d = 0; d < kDim; d += kWidth)
      store_pairs(r.key_pairs + j / 2 * kDim + d, pairs_of(load(key + d), load(key + kDim + d)));
  }
  for (int d = 0; d < kDim; d += 2) {
    for (int64_t j = 0; j < b.padded; j += kWidth) {
      store_pairs(r.value_pairs + d / 2 * b.padded + j,
                  pairs_of(load(b.vt + d * b.padded + j), load(b.vt + (d + 1) * b.padded + j)));
    }
  }
}

// strip[i][j] = sum over d of rows[i][d] * values[j][d].
template <int kDim>
IPR_INLINE void rounded_strip_product(const float* rows, const RoundedBuffers& r, int64_t stride, Keys keys,
                                      float* strip) {
  Bf16 rounded[kBlock * kDim];
  for (int i = 0; i < kBlock * kDim; i += kWidth) store(rounded + i, load(rows + i));
  for (int64_t j = keys.begin; j < keys.end; j += 2 * kWidth) {
    Vec left[kBlock]{}, right[kBlock]{};
    for (int d = 0; d < kDim; d += 2) {
      const Ints a = load_pairs(r.value_pairs + d / 2 * stride + j);
      const Ints b = load_pairs(r.value_pairs + d / 2 * stride + j + kWidth);
#pragma GCC unroll 8
      for (int i = 0; i < kBlock; ++i) {
        const Ints row = splat_pair(rounded + i * kDim + d);
        left[i] = add_products(left[i], row, a);
        right[i] = add_products(right[i], row, b);
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBlock; ++i) {
      store(strip + i * stride + j, left[i]);
      store(strip + i * stride + j + kWidth, right[i]);
    }
  }
}

// out[i] = sum over the keys j of d_scores[i][j] * keys[j].
template <int kDim>
IPR_INLINE void rounded_strip_times_keys(const RoundedBuffers& r, int64_t stride, Keys keys, float* out) {
  for (int d = 0; d < kDim; d += kWidth) {
    Vec total[kBlock]{};
    for (int64_t j = keys.begin; j < keys.end; j += 2) {
      const Ints key = load_pairs(r.key_pairs + j / 2 * kDim + d);
#pragma GCC unroll 8
      for (int i = 0; i < kBlock; ++i) total[i] = add_products(total[i], splat_pair(r.d_scores + i * stride + j), key);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBlock; ++i) store(out + i * kDim + d, total[i]);
  }
}

// out[j] += sum over the block's queries i of strip[i][j] * rows[i].
template <int kDim>
IPR_INLINE void add_rounded_transposed(const int* strip_pairs, int64_t stride, const float* rows, Keys keys,
                                       float* out) {
  for (int d = 0; d < kDim; d += kWidth) {
    Ints row[kBlock / 2];
#pragma GCC unroll 8
    for (int i = 0; i < kBlock / 2; ++i)
      row[i] = pairs_of(load(rows + 2 * i * kDim + d), load(rows + (2 * i + 1) * kDim + d));
    for (int64_t j = keys.begin; j < keys.end; ++j) {
      Vec total = load(out + j * kDim + d);
#pragma GCC unroll 8
      for (int i = 0; i < kBlock / 2; ++i) total = add_products(total, splat_pair(strip_pairs[i * stride + j]), row[i]);
      store(out + j * kDim + d, total);
    }
  }
}

// A block's weights P and dS = P * (dP - delta), from the scores and dP, rounded into their pairs. Queries from `live`
// on weigh nothing.
IPR_INLINE void round_block(const Buffers& b, const RoundedBuffers& r, Keys keys, int64_t live, const float* lse,
                            const float* delta) {
  for (int64_t i = 0; i < kBlock; i += 2) {
    const float *const scores = b.scores + i * b.padded, *const d_weights = b.d_scores + i * b.padded;
    for (int64_t j = keys.begin; j < keys.end; j += kWidth) {
      Vec weight[2]{}, d_score[2]{};
#pragma GCC unroll 2
      for (int64_t n = 0; n < 2; ++n) {
        if (i + n >= live) continue;
        weight[n] = exp_of(load(scores + n * b.padded + j) - splat(lse[i + n]));
        d_score[n] = weight[n] * (load(d_weights + n * b.padded + j) - splat(delta[i + n]));
      }
      store_pairs(r.weight_pairs + i / 2 * b.padded + j, pairs_of(weight[0], weight[1]));
      store_pairs(r.d_score_pairs + i / 2 * b.padded + j, pairs_of(d_score[0], d_score[1]));
      store(r.d_scores + i * b.padded + j, d_score[0]);
      store(r.d_scores + (i + 1) * b.padded + j, d_score[1]);
    }
  }
}

// attend_backward, rounder.
template <int kDim>
void attend_backward_rounded(const AttentionTask& task) {
  const int64_t before = past_tokens(task), positions = before + task.tokens;
  const Buffers b = lay_out<kDim>(task, positions);
  const RoundedBuffers r = lay_out_rounded<kDim>(b);
  begin_backward<kDim>(task, b, positions);
  round_keys_values<kDim>(b, r);
  for (int64_t g = 0; g < task.group; ++g) {
    const int64_t head = task.out_offset + g * kDim;
    load_queries<kDim>(task, task.q_offset + g * kDim, b, before, positions);
    copy_rows<kDim>(task.d_out + head, task.out_stride, before, positions, b.d_out, b.padded);
    for (int64_t first = before; first < positions; first += kBlock) {
      const int64_t live = positions - first < kBlock ? positions - first : kBlock, own = first - before;
      const Keys keys = block_scores<kDim>(b, first, task.window);
      rounded_strip_product<kDim>(b.d_out + first * kDim, r, b.padded, keys, b.d_scores);
      float delta[kBlock];
      for (int64_t i = 0; i < live; ++i)
        delta[i] = dot(task.out + (own + i) * task.out_stride + head, b.d_out + (first + i) * kDim, kDim);
      round_block(b, r, keys, live, task.lse + g * task.tokens + own, delta);
      rounded_strip_times_keys<kDim>(r, b.padded, keys, b.d_q + first * kDim);
      add_rounded_transposed<kDim>(r.d_score_pairs, b.padded, b.q + first * kDim, keys, b.d_k);
      add_rounded_transposed<kDim>(r.weight_pairs, b.padded, b.d_out + first * kDim, keys, b.d_v);
    }
    store_query_gradients<kDim>(task, g, b, before, positions);
  }
  store_key_value_gradients<kDim>(task, b, before);
}

}  // namespace
}  // namespace ipr::train
