// Vectors of floats and what the training kernels build on them; compiled once per family, see kernels_simd.h.
//
// Numbers in memory are float or Bf16, in registers always float.
//
// The including file sets IPR_SIMD_WIDTH (floats per register), IPR_SIMD_ROWS (query rows of a register tile) and, for
// AVX-512-BF16, IPR_SIMD_BF16, with AMX IPR_SIMD_AMX, too.
// Everything here is in an unnamed namespace and uses no inline function of the standard library: the linker must never
// take one family's instructions for another's code.
#pragma once

#ifdef __AVX512F__
#include <immintrin.h>
#endif

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
using Bits = unsigned __attribute__((vector_size(4 * kWidth)));
using Halves = unsigned short __attribute__((vector_size(2 * kWidth)));
using Unaligned = float __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));
using UnalignedHalves = unsigned short __attribute__((vector_size(2 * kWidth), aligned(2), may_alias));

IPR_INLINE Vec load(const float* from) {
  return *reinterpret_cast<const Unaligned*>(from);
}
IPR_INLINE void store(float* to, Vec value) {
  *reinterpret_cast<Unaligned*>(to) = value;
}
IPR_INLINE Vec splat(float value) {
  return value - Vec{};
}

// The upper half of a float's bits; to the nearest, ties to even, as LibTorch rounds. Infinity stays what it is, and so
// does what arithmetic makes as "not a number". (The instruction takes numbers below 2^-126 for 0.)
IPR_INLINE Vec load(const Bf16* from) {
  const Halves halves = *reinterpret_cast<const UnalignedHalves*>(from);
  return reinterpret_cast<Vec>(__builtin_convertvector(halves, Bits) << 16);
}
IPR_INLINE void store(Bf16* to, Vec value) {
#ifdef IPR_SIMD_BF16
  *reinterpret_cast<UnalignedHalves*>(to) = reinterpret_cast<Halves>(_mm512_cvtneps_pbh(value));
#else
  Bits bits = reinterpret_cast<Bits>(value);
  bits += ((bits >> 16) & 1) + 0x7fff;
  *reinterpret_cast<UnalignedHalves*>(to) = __builtin_convertvector(bits >> 16, Halves);
#endif
}

// One number, for the ends of rows.
IPR_INLINE float value_of(float x) {
  return x;
}
IPR_INLINE float value_of(Bf16 x) {
  return __builtin_bit_cast(float, static_cast<unsigned>(x.bits) << 16);
}
IPR_INLINE void put(float* to, float value) {
  *to = value;
}
IPR_INLINE void put(Bf16* to, float value) {
  const unsigned bits = __builtin_bit_cast(unsigned, value);
  to->bits = static_cast<unsigned short>((bits + ((bits >> 16) & 1) + 0x7fff) >> 16);
}

// In four chains: one would wait for itself kWidth times.
IPR_INLINE float sum_of(Vec value) {
  float part[4] = {value[0], value[1], value[2], value[3]};
  for (int i = 4; i < kWidth; ++i) part[i % 4] += value[i];
  return (part[0] + part[1]) + (part[2] + part[3]);
}

IPR_INLINE float max_of(Vec value) {
  float part[4] = {value[0], value[1], value[2], value[3]};
  for (int i = 4; i < kWidth; ++i) part[i % 4] = value[i] > part[i % 4] ? value[i] : part[i % 4];
  const float left = part[0] > part[1] ? part[0] : part[1], right = part[2] > part[3] ? part[2] : part[3];
  return left > right ? left : right;
}

constexpr float kExpLow = -87.0f, kExpHigh = 88.0f;

// e^x within 2 units in the last place; 0 below -87 (so that a masked score weighs nothing), e^88 above 88.
IPR_INLINE Vec exp_of(Vec x) {
  const Vec low = splat(kExpLow), high = splat(kExpHigh);
  const Vec clamped = x > high ? high : x;
#ifdef __AVX512F__
  const Vec scaled = clamped * splat(1.44269504088896341f);
  const Vec n = _mm512_mask_roundscale_ps(scaled, 0xffff, scaled, _MM_FROUND_TO_NEAREST_INT);
#else
  const Vec magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
  const Vec n = ((clamped < low ? low : clamped) * splat(1.44269504088896341f) + magic) - magic;
#endif
  const Vec r = (clamped - n * splat(0.693145751953125f)) - n * splat(1.42860682030941723e-6f);
  Vec p = splat(1.9875691500e-4f);  // Cephes' expf polynomial
  p = p * r + splat(1.3981999507e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  p = p * (r * r) + r + splat(1.0f);
#ifdef __AVX512F__
  return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, low, _CMP_NLT_UQ), p, n);
#else
  const Ints power = (__builtin_convertvector(n, Ints) + 127) << 23;
  const Vec value = p * reinterpret_cast<Vec>(power);
  return x < low ? Vec{} : value;
#endif
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

template <typename Number>
IPR_INLINE float largest(const Number* x, int64_t size) {
  float best = value_of(x[0]);
  int64_t i = 0;
  if (size >= kWidth) {
    Vec top = load(x);
    for (; i + kWidth <= size; i += kWidth) {
      const Vec v = load(x + i);
      top = v > top ? v : top;
    }
    best = max_of(top);
  }
  for (; i < size; ++i) best = value_of(x[i]) > best ? value_of(x[i]) : best;
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

}  // namespace
}  // namespace ipr::train
