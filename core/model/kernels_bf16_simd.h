// The kernels of width bf16, on vectors; each kernels_bf16_<family>.cc compiles them with its own flags, as
// kernels_simd.h says, whose f32 parts (norms, rotation, softmax, logits) they share.
//
// A weight, key or value is met as one of 16 pairs in a vector of 16 words: the pair's first number in the lower half.
// Processors that multiply such pairs themselves (IPR_SIMD_BF16: AVX-512-BF16) do so; others widen them to f32.
#pragma once

#include <cstdint>

#include "core/model/kernels_simd.h"

namespace ipr::model {
namespace {

using Bf16 = std::uint16_t;
using Words = std::uint32_t __attribute__((vector_size(4 * kWidth)));
using UnalignedWords = std::uint32_t __attribute__((vector_size(4 * kWidth), aligned(2), may_alias));
using Halves = std::uint16_t __attribute__((vector_size(2 * kWidth)));
using UnalignedHalves = std::uint16_t __attribute__((vector_size(2 * kWidth), aligned(2), may_alias));
using Word = std::uint32_t __attribute__((aligned(2), may_alias));

struct Pairs {
  Words part[kParts];
};

IPR_INLINE Pairs load_pairs(const Bf16* from) {
  Pairs out;
  IPR_EACH_PART out.part[i] = *reinterpret_cast<const UnalignedWords*>(from + 2 * i * kWidth);
  return out;
}

// The pair at `from`, 16 times.
IPR_INLINE Pairs splat_pair(const Bf16* from) {
  Pairs out;
  IPR_EACH_PART out.part[i] = *reinterpret_cast<const Word*>(from) - Words{};
  return out;
}

IPR_INLINE Vec first_of(const Pairs& pairs) {
  Vec out;
  IPR_EACH_PART out.part[i] = reinterpret_cast<Register>(pairs.part[i] << 16);
  return out;
}

IPR_INLINE Vec second_of(const Pairs& pairs) {
  Vec out;
  IPR_EACH_PART out.part[i] = reinterpret_cast<Register>(pairs.part[i] & 0xffff0000u);
  return out;
}

// sum + a.first b.first + a.second b.second, lane by lane.
IPR_INLINE Vec dot(const Pairs& a, const Pairs& b, const Vec& sum) {
#ifdef IPR_SIMD_BF16
  Vec out;
  out.part[0] =
      _mm512_dpbf16_ps(sum.part[0], reinterpret_cast<__m512bh>(a.part[0]), reinterpret_cast<__m512bh>(b.part[0]));
  return out;
#else
  return fma(second_of(a), second_of(b), fma(first_of(a), first_of(b), sum));
#endif
}

// 16 numbers to nearest even; a NaN stays one. (The instruction takes numbers below 2^-126 for 0.)
IPR_INLINE void store_bf16(Bf16* to, const Vec& value) {
#ifdef IPR_SIMD_BF16
  const __m256bh rounded = _mm512_cvtneps_pbh(value.part[0]);
  __builtin_memcpy(to, &rounded, sizeof rounded);
#else
  IPR_EACH_PART {
    const Words bits = reinterpret_cast<Words>(value.part[i]);
    const Words rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    const Words kept = value.part[i] == value.part[i] ? rounded : bits >> 16 | 0x40u;
    *reinterpret_cast<UnalignedHalves*>(to + i * kWidth) = __builtin_convertvector(kept, Halves);
  }
#endif
}

// 16 neighbouring numbers.
IPR_INLINE Vec load_bf16(const Bf16* from) {
  Vec out;
  IPR_EACH_PART {
    const Halves halves = *reinterpret_cast<const UnalignedHalves*>(from + i * kWidth);
    out.part[i] = reinterpret_cast<Register>(__builtin_convertvector(halves, Words) << 16);
  }
  return out;
}

void to_cells(const float* x, int size, void* cells) {
  for (int i = 0; i < size; i += kLane) store_bf16(static_cast<Bf16*>(cells) + i, load(x + i));
}

// R rows by B blocks, sums in registers; k / 2 pairs in order, whatever R and B are.
template <int R, int B>
void tile(const TileArgs<Bf16>& args) {
  Vec sum[R][B];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) sum[r][b] = splat(0);
  }
  const std::size_t block = static_cast<std::size_t>(args.k) * kLane;
  for (int i = 0; i < args.k; i += 2) {
    Pairs weight[B];
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) weight[b] = load_pairs(args.weights + b * block + static_cast<std::size_t>(i) * kLane);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Pairs value = splat_pair(args.x + r * args.x_stride + static_cast<std::size_t>(i));
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) sum[r][b] = dot(value, weight[b], sum[r][b]);
    }
  }
  store_tile(args, sum);
}

// ---------------------------------------------------------------------------------------------------------- attention

constexpr int kPairStride = 2 * kLane;                    // cells of 16 pairs
constexpr int kValueTile = kPositions / 2 * kPairStride;  // cells of 16 dimensions' values

// Cells from a half's keys to the other half's.
constexpr int key_half(int head_stride) {
  return head_stride / 2 * kPairStride;
}

void store_key_value_bf16(const float* key, const float* value, int /*head_dim*/, int head_stride, int slot, void* keys,
                          void* values) {
  Bf16* to_key = static_cast<Bf16*>(keys) + slot / kLane * key_half(head_stride) + slot % kLane * 2;
  Bf16* to_value = static_cast<Bf16*>(values) + slot / 2 * kPairStride + slot % 2;
  for (int d = 0; d < head_stride; d += kLane, to_value += kValueTile) {
    Bf16 cells[kLane];
    store_bf16(cells, load(key + d));
    for (int i = 0; i < kLane; i += 2, to_key += kPairStride) __builtin_memcpy(to_key, cells + i, 2 * sizeof(Bf16));
    store_bf16(cells, load(value + d));
    for (int i = 0; i < kLane; ++i) to_value[2 * i] = cells[i];
  }
}

// Queries stay f32: a score is a sum of large products, which queries of 8 digits would move by as much again as the
// keys' rounding does.
template <int COUNT>
void score_heads(const Attention<Bf16>& args, int block, int first) {
  const Bf16* keys[COUNT];
  const float* query[COUNT];
  Vec sum[COUNT][2];
#pragma GCC unroll 4
  for (int h = 0; h < COUNT; ++h) {
    keys[h] = args.head(block, first + h, false);
    query[h] = args.query_of(first + h);
    sum[h][0] = sum[h][1] = splat(0);
  }
  const int half = key_half(args.head_stride);
  for (int d = 0; d < args.head_stride; d += 2) {
#pragma GCC unroll 4
    for (int h = 0; h < COUNT; ++h) {
      const Vec even = splat(query[h][d] * args.scale), odd = splat(query[h][d + 1] * args.scale);
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i) {
        const Pairs key = load_pairs(keys[h] + d / 2 * kPairStride + i * half);
        sum[h][i] = fma(odd, second_of(key), fma(even, first_of(key), sum[h][i]));
      }
    }
  }
#pragma GCC unroll 4
  for (int h = 0; h < COUNT; ++h) {
    float* scores = args.scores(first + h) + kPositions * block;
    store(scores, sum[h][0]);
    store(scores + kLane, sum[h][1]);
  }
}

// As for f32 (attend_lanes_simd.h). Of positions that are not attended to the weight is 0, and the value finite.
template <int COUNT>
IPR_INLINE void add_tile(const Bf16* values, int /*head_stride*/, int c, const float* const (&weights)[COUNT],
                         Vec (&sum)[COUNT][4]) {
  values += c / kLane * kValueTile;
#pragma GCC unroll 1
  for (int p = 0; p < kPositions; p += 4, values += 2 * kPairStride) {
#pragma GCC unroll 2
    for (int i = 0; i < 4; i += 2) {
      const Pairs value = load_pairs(values + i / 2 * kPairStride);
      const Vec first = first_of(value), second = second_of(value);
#pragma GCC unroll 4
      for (int l = 0; l < COUNT; ++l) {
        sum[l][i] = fma(splat(weights[l][p + i]), first, sum[l][i]);
        sum[l][i + 1] = fma(splat(weights[l][p + i + 1]), second, sum[l][i + 1]);
      }
    }
  }
}

// The values of one block of one query head; `sums` is [head_stride / 16][4][16].
IPR_INLINE void add_head_values(const Bf16* values, const float* weight, int head_stride, float* sums) {
  for (int c = 0; c < head_stride; c += kLane, sums += 4 * kLane) {
    Vec sum[1][4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) sum[0][i] = load(sums + kLane * i);
    add_tile<1>(values, head_stride, c, {weight}, sum);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) store(sums + kLane * i, sum[0][i]);
  }
}

void add_block_values(const Attention<Bf16>& args, int block, float* sums) {
  for (int h = 0; h < args.query_heads; ++h, sums += 4 * args.head_stride)
    add_head_values(args.head(block, h, true), args.scores(h) + kPositions * block, args.head_stride, sums);
}

// The same for lanes (attend_lanes_simd.h).

template <int COUNT>
void score_lanes(const Lane* lanes, const Bf16* keys, const AttentionArgs& args, int block) {
  Vec sum[COUNT][2];
#pragma GCC unroll 4
  for (int l = 0; l < COUNT; ++l) sum[l][0] = sum[l][1] = splat(0);
  const int half = key_half(args.head_stride);
  for (int d = 0; d < args.head_stride; d += 2, keys += kPairStride) {
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const Pairs key = load_pairs(keys + i * half);
      const Vec first = first_of(key), second = second_of(key);
#pragma GCC unroll 4
      for (int l = 0; l < COUNT; ++l)
        sum[l][i] = fma(splat(lanes[l].work[d + 1]), second, fma(splat(lanes[l].work[d]), first, sum[l][i]));
    }
  }
#pragma GCC unroll 4
  for (int l = 0; l < COUNT; ++l) {
    store(lanes[l].scores + kPositions * block, sum[l][0]);
    store(lanes[l].scores + kPositions * block + kLane, sum[l][1]);
  }
}

inline void add_own_values(const LaneGroup<Bf16>& group, const Lane& lane, int block) {
  add_head_values(group.values(lane, block), lane.scores + kPositions * block, group.args.head_stride, lane.work);
}

constexpr Kernels make_bf16_kernels(const char* family) {
  Kernels kernels = make_kernels(family);
  kernels.width = Width::kBf16;
  kernels.matmul = matmul<Bf16>;
  kernels.to_cells = to_cells;
  kernels.store_key_value = store_key_value_bf16;
  kernels.attend = attend_together<Bf16>;
  return kernels;
}

}  // namespace
}  // namespace ipr::model
