// Vectors of 16 floats in the registers of one instruction set, and what the kernels do with them.
//
// Only for kernels_simd.h: see there for why everything is in an unnamed namespace.
#pragma once

#include <cstddef>

#include "core/model/kernels.h"

#if IPR_SIMD_WIDTH > 4
#include <immintrin.h>
#endif

#define IPR_INLINE __attribute__((always_inline)) inline

namespace ipr::model {
namespace {

constexpr int kWidth = IPR_SIMD_WIDTH;
constexpr int kParts = kLane / kWidth;

using Register = float __attribute__((vector_size(4 * kWidth)));
using IntRegister = int __attribute__((vector_size(4 * kWidth)));
using Unaligned = float __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

// 16 floats in as many registers as the family needs.
struct Vec {
  Register part[kParts];
};

#define IPR_EACH_PART _Pragma("GCC unroll 4") for (int i = 0; i < kParts; ++i)

IPR_INLINE Vec splat(float value) {
  Vec out;
  IPR_EACH_PART out.part[i] = value - Register{};
  return out;
}

IPR_INLINE Vec load(const float* from) {
  Vec out;
  IPR_EACH_PART out.part[i] = *reinterpret_cast<const Unaligned*>(from + i * kWidth);
  return out;
}

IPR_INLINE void store(float* to, const Vec& value) {
  IPR_EACH_PART* reinterpret_cast<Unaligned*>(to + i * kWidth) = value.part[i];
}

IPR_INLINE Vec operator+(const Vec& a, const Vec& b) {
  Vec out;
  IPR_EACH_PART out.part[i] = a.part[i] + b.part[i];
  return out;
}

IPR_INLINE Vec operator-(const Vec& a, const Vec& b) {
  Vec out;
  IPR_EACH_PART out.part[i] = a.part[i] - b.part[i];
  return out;
}

IPR_INLINE Vec operator*(const Vec& a, const Vec& b) {
  Vec out;
  IPR_EACH_PART out.part[i] = a.part[i] * b.part[i];
  return out;
}

IPR_INLINE Vec operator/(const Vec& a, const Vec& b) {
  Vec out;
  IPR_EACH_PART out.part[i] = a.part[i] / b.part[i];
  return out;
}

IPR_INLINE Vec larger(const Vec& a, const Vec& b) {
  Vec out;
  IPR_EACH_PART out.part[i] = a.part[i] > b.part[i] ? a.part[i] : b.part[i];
  return out;
}

// a * b + c, fused where the family has it. Spelled out, so that no compiler choice can differ between two tile shapes.
IPR_INLINE Vec fma(const Vec& a, const Vec& b, const Vec& c) {
  Vec out;
#if IPR_SIMD_WIDTH == 16
  out.part[0] = _mm512_fmadd_ps(a.part[0], b.part[0], c.part[0]);
#elif IPR_SIMD_WIDTH == 8
  IPR_EACH_PART out.part[i] = _mm256_fmadd_ps(a.part[i], b.part[i], c.part[i]);
#else
  IPR_EACH_PART out.part[i] = a.part[i] * b.part[i] + c.part[i];
#endif
  return out;
}

// exp to about 1 ulp (Cephes' polynomial): x = n ln 2 + r, exp(r) by a degree-6 polynomial. 0 below -87.3; NaN stays
// NaN.
IPR_INLINE Vec exp(const Vec& x) {
  const Vec low = splat(-87.33654f);
  const Vec high = splat(88.3762626647949f);
#if IPR_SIMD_WIDTH == 16
  Vec clamped = x;  // what is too low is cut at the end
#else
  Vec clamped = larger(x, low);
#endif
  IPR_EACH_PART clamped.part[i] = high.part[i] < clamped.part[i] ? high.part[i] : clamped.part[i];
  const Vec magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const Vec n = fma(clamped, splat(1.44269504088896341f), magic) - magic;
  Vec r = fma(n, splat(-0.693359375f), clamped);
  r = fma(n, splat(2.12194440e-4f), r);
  Vec p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r + splat(1.0f));
  Vec out;
#if IPR_SIMD_WIDTH == 16
  const __mmask16 counts = _mm512_cmp_ps_mask(x.part[0], low.part[0], _CMP_NLT_UQ);
  out.part[0] = _mm512_maskz_scalef_ps(counts, p.part[0], n.part[0]);
#else
  IPR_EACH_PART {
    const IntRegister power = (__builtin_convertvector(n.part[i], IntRegister) + 127) << 23;
    const Register value = p.part[i] * reinterpret_cast<Register>(power);
    const Register cut = x.part[i] < low.part[i] ? Register{} : value;
    out.part[i] = x.part[i] == x.part[i] ? cut : x.part[i];
  }
#endif
  return out;
}

// The 16 lanes added pairwise, always in the same tree.
IPR_INLINE float add_lanes(const Vec& value) {
  float lane[kLane];
  store(lane, value);
  for (int step = kLane / 2; step > 0; step /= 2) {
    for (int i = 0; i < step; ++i) lane[i] += lane[i + step];
  }
  return lane[0];
}

IPR_INLINE float max_lane(const Vec& value) {
  float lane[kLane];
  store(lane, value);
  float best = lane[0];
  for (int i = 1; i < kLane; ++i) best = lane[i] > best ? lane[i] : best;
  return best;
}

// Values [first, size), at most 16, the rest filled.
IPR_INLINE Vec load_tail(const float* x, std::size_t first, std::size_t size, float fill) {
  float lane[kLane];
  for (std::size_t i = 0; i < kLane; ++i) lane[i] = first + i < size ? x[first + i] : fill;
  return load(lane);
}

}  // namespace
}  // namespace ipr::model
