// Attention whose products take rounded factors on AMX's tile registers, forward and backward; part of kernels_simd.h
// for processors that have them (IPR_SIMD_AMX), and included by it alone.
//
// Queries go in tiles of 16, keys in chunks of 32. Scores are nearly f32's: queries and keys are each the sum of two
// numbers of bf16, and forward and backward make the same bits of them. Weights, values and gradients are rounded once.
// A product's right side stands in pairs of neighbours along the dimension that it sums over (core/model/amx_tiles.h).
#pragma once

#include "core/model/amx_tiles.h"
#include "core/train/torch/attention_rounded_simd.h"

namespace ipr::train {
namespace {

constexpr int kTile = 16;          // rows of a tile, and 32-bit words of each
constexpr int kChunk = 2 * kTile;  // keys of a chunk, and queries of a block of backward
constexpr int kWord = 4;           // bytes
constexpr int kTileWords = kTile * kTile;

// What the products take, packed, behind the buffers in f32. A "block" is 16 keys, 16 queries or 16 dimensions.
struct TileBuffers {
  int* key_tiles;     // [key block][high, low][16][16]: pairs of dimensions, for scores
  int* value_tiles;   // [key block][16][16]: the same of values, for the gradients of weights
  int* key_pairs;     // [keys / 2][dim]: pairs of keys; in forward of values
  Bf16* queries;      // [own token][high, low][dim]
  Bf16* d_out;        // the same
  int* query_turned;  // [chunk of own tokens][dim][16]: pairs of queries
  int* d_out_turned;  // the same
};

template <int kDim>
IPR_INLINE TileBuffers lay_out_tiles(const Buffers& b) {
  TileBuffers t;
  // Scratch is aligned to a float; tiles whose rows lie across two cache lines each cost twice.
  auto next = reinterpret_cast<int*>((reinterpret_cast<unsigned long>(b.scores) + 63) / 64 * 64);
  const auto take = [&](int64_t words_of_position) {
    int* const taken = next;
    next += words_of_position * b.padded;
    return taken;
  };
  t.key_tiles = take(2 * kTile);
  t.value_tiles = take(kTile);
  t.key_pairs = take(kDim / 2);
  t.queries = reinterpret_cast<Bf16*>(take(kDim));
  t.d_out = reinterpret_cast<Bf16*>(take(kDim));
  t.query_turned = take(kDim / 2);
  t.d_out_turned = take(kDim / 2);
  return t;
}

// Rows as the sums of two numbers of bf16 each, [high, low][dim].
template <int kDim>
IPR_INLINE void split_rows(const float* rows, int64_t count, Bf16* to) {
  for (int64_t r = 0; r < count; ++r, rows += kDim, to += 2 * kDim) {
    for (int d = 0; d < kDim; d += kWidth) {
      store(to + d, load(rows + d));
      store(to + kDim + d, load(rows + d) - load(to + d));
    }
  }
}

// A right side that sums over dimensions, of 16 rows of half of what split_rows made. A left side of 16 dimensions and
// their low parts fills a tile's depth by itself: there the pairs stand twice.
template <int kDim>
IPR_INLINE void pack_tile(const Bf16* rows, int* tile) {
  for (int pair = 0; pair < kTile; ++pair) {
    for (int row = 0; row < kTile; ++row)
      tile[pair * kTile + row] = *reinterpret_cast<const Word*>(rows + row * 2 * kDim + 2 * pair % kDim);
  }
}

template <int kDim>
IPR_INLINE void pack_keys(const Buffers& b, int64_t keys, int* tiles) {
  Bf16 rows[kTile * 2 * kDim];
  for (int64_t j = 0; j < keys; j += kTile, tiles += 2 * kTileWords) {
    split_rows<kDim>(b.k + j * kDim, kTile, rows);
    pack_tile<kDim>(rows, tiles);
    pack_tile<kDim>(rows + kDim, tiles + kTileWords);
  }
}

template <int kDim>
IPR_INLINE void pack_values(const Buffers& b, int64_t keys, int* tiles) {
  Bf16 rows[kTile * 2 * kDim];
  for (int64_t j = 0; j < keys; j += kTile, tiles += kTileWords) {
    split_rows<kDim>(b.v + j * kDim, kTile, rows);
    pack_tile<kDim>(rows, tiles);
  }
}

// A right side that sums over rows: pairs of neighbouring rows.
template <int kDim>
IPR_INLINE void pair_rows(const float* rows, int64_t count, int* to) {
  for (int64_t r = 0; r < count; r += 2, rows += 2 * kDim, to += kDim) {
    for (int d = 0; d < kDim; d += kWidth) store_pairs(to + d, pairs_of(load(rows + d), load(rows + kDim + d)));
  }
}

// Rows in chunks of 32 as a left side that sums over them, [chunk][dim][16 pairs].
template <int kDim>
IPR_INLINE void turn_rows(const float* rows, int64_t count, int* to) {
  int pairs[kTile * kDim];
  for (int64_t r = 0; r < count; r += kChunk, rows += kChunk * kDim, to += kTile * kDim) {
    pair_rows<kDim>(rows, kChunk, pairs);
    for (int d = 0; d < kDim; ++d) {
      for (int pair = 0; pair < kTile; ++pair) to[d * kTile + pair] = pairs[pair * kDim + d];
    }
  }
}

// strip[16][32] = rows times the columns of two packed tiles of a right side, `tile_step` words apart; with kLow also
// times their low parts behind each.
template <int kDim, bool kLow>
IPR_INLINE void tile_strip(const Bf16* rows, const int* tiles, int64_t tile_step, float* strip, int64_t strip_stride) {
  constexpr int kRowBytes = 2 * kDim * 2;
  IPR_TILE_LOAD(4, rows, kRowBytes);
  if constexpr (kDim == 32) IPR_TILE_LOAD(5, rows + kDim, kRowBytes);
  IPR_TILE_ZERO(0);
  IPR_TILE_ZERO(1);
  IPR_TILE_LOAD(6, tiles, 64);
  IPR_TILE_DOT(0, 4, 6);
  if constexpr (kDim == 32) IPR_TILE_DOT(0, 5, 6);
  IPR_TILE_LOAD(7, tiles + tile_step, 64);
  IPR_TILE_DOT(1, 4, 7);
  if constexpr (kDim == 32) IPR_TILE_DOT(1, 5, 7);
  if constexpr (kLow) {
    IPR_TILE_LOAD(6, tiles + kTileWords, 64);
    IPR_TILE_DOT(0, 4, 6);
    IPR_TILE_LOAD(7, tiles + tile_step + kTileWords, 64);
    IPR_TILE_DOT(1, 4, 7);
  }
  IPR_TILE_STORE(0, strip, strip_stride * kWord);
  IPR_TILE_STORE(1, strip + kTile, strip_stride * kWord);
}

template <int kDim>
IPR_INLINE void tile_scores(const TileBuffers& t, int64_t own, int64_t key, float* strip, int64_t strip_stride) {
  tile_strip<kDim, true>(t.queries + own * 2 * kDim, t.key_tiles + key / kTile * 2 * kTileWords, 2 * kTileWords, strip,
                         strip_stride);
}

// Masks the scores [begin, begin + count) of the query at `position` that are behind it, or before its window.
IPR_INLINE void mask_row(float* row, int64_t begin, int64_t count, int64_t position, int64_t window) {
  for (int64_t j = position + 1 < begin ? 0 : position + 1 - begin; j < count; ++j) row[j] = kMasked;
  for (int64_t j = 0; window > 0 && j < count && begin + j + window <= position; ++j) row[j] = kMasked;
}

// The keys of the queries at [first, first + count), in whole chunks.
IPR_INLINE Keys keys_of(int64_t first, int64_t count, int64_t window) {
  const int64_t oldest = window == 0 || first < window ? 0 : first + 1 - window;
  return {oldest / kChunk * kChunk, round_up(first + count, kChunk)};
}

// 2^x for x of at most a few, within 3e-6 of it, which is far less than the rounding to bf16 that follows; 0 for masked
// scores.
IPR_INLINE Vec exp2_of(Vec x) {
  const Vec n = _mm512_mask_roundscale_ps(x, 0xffff, x, _MM_FROUND_TO_NEAREST_INT);
  const Vec r = x - n;
  Vec p = splat(9.57010143e-3f);
  p = p * r + splat(5.59178603e-2f);
  p = p * r + splat(0.240247448f);
  p = p * r + splat(0.693121815f);
  p = p * r + splat(0.999999261f);
  return _mm512_maskz_scalef_ps(0xffff, p, n);
}

constexpr int kTogether = 4;  // rows of a strip at once: each waits for its own largest score and its own sum

// Rows of scores become weights 2^(score - largest), in bf16 from the row's beginning on (what is still to read is
// never behind). Leaves the largest score of each row, and the sum of its weights.
IPR_INLINE void round_weights(float* rows, int64_t stride, int64_t size, float* top, float* denominator) {
  Vec largest[kTogether], total[kTogether]{};
#pragma GCC unroll 4
  for (int n = 0; n < kTogether; ++n) largest[n] = load(rows + n * stride);
  for (int64_t j = kWidth; j < size; j += kWidth) {
#pragma GCC unroll 4
    for (int n = 0; n < kTogether; ++n) {
      const Vec score = load(rows + n * stride + j);
      largest[n] = score > largest[n] ? score : largest[n];
    }
  }
#pragma GCC unroll 4
  for (int n = 0; n < kTogether; ++n) largest[n] = splat(top[n] = max_of(largest[n]));
  for (int64_t j = 0; j < size; j += kWidth) {
#pragma GCC unroll 4
    for (int n = 0; n < kTogether; ++n) {
      const Vec weight = exp2_of(load(rows + n * stride + j) - largest[n]);
      store(reinterpret_cast<Bf16*>(rows + n * stride) + j, weight);
      total[n] += weight;
    }
  }
#pragma GCC unroll 4
  for (int n = 0; n < kTogether; ++n) denominator[n] = sum_of(total[n]);
}

// The queries of a head in units of log2: weights are powers of two here.
constexpr float kLog2E = 1.44269504088896341f;
template <int kDim>
IPR_INLINE void load_scaled_queries(const AttentionTask& task, int64_t g, const Buffers& b, int64_t before,
                                    int64_t positions) {
  load_queries<kDim>(task, task.q_offset + g * kDim, b, before, positions);
  for (int64_t i = before * kDim; i < positions * kDim; i += kWidth) store(b.q + i, load(b.q + i) * splat(kLog2E));
}

// sums[16][dim] = weights of 16 queries times the pairs of `count` values. Two sums in turn: each product waits for the
// one before it on its own sum.
template <int kDim>
IPR_INLINE void weigh_values(const float* strip, int64_t stride, const int* value_pairs, int64_t count, float* sums) {
  const Bf16* const weights = reinterpret_cast<const Bf16*>(strip);
  float odd[kTile * kTile];
  for (int d = 0; d < kDim; d += kTile) {
    IPR_TILE_ZERO(0);
    IPR_TILE_ZERO(1);
    int64_t j = 0;
    for (; j + kChunk < count; j += 2 * kChunk) {
      IPR_TILE_LOAD(4, weights + j, stride * kWord);
      IPR_TILE_LOAD(6, value_pairs + j / 2 * kDim + d, kDim * kWord);
      IPR_TILE_DOT(0, 4, 6);
      IPR_TILE_LOAD(5, weights + j + kChunk, stride * kWord);
      IPR_TILE_LOAD(7, value_pairs + (j + kChunk) / 2 * kDim + d, kDim * kWord);
      IPR_TILE_DOT(1, 5, 7);
    }
    if (j < count) {
      IPR_TILE_LOAD(4, weights + j, stride * kWord);
      IPR_TILE_LOAD(6, value_pairs + j / 2 * kDim + d, kDim * kWord);
      IPR_TILE_DOT(0, 4, 6);
    }
    IPR_TILE_STORE(0, sums + d, kDim * kWord);
    IPR_TILE_STORE(1, odd, kTile * kWord);
    for (int i = 0; i < kTile; ++i) store(sums + i * kDim + d, load(sums + i * kDim + d) + load(odd + i * kTile));
  }
}

template <int kDim>
void attend_tiles(const AttentionTask& task) {
  const int64_t before = past_tokens(task), positions = before + task.tokens;
  const Buffers b = lay_out<kDim>(task, positions);
  const TileBuffers t = lay_out_tiles<kDim>(b);
  const int64_t keys_padded = round_up(positions, kChunk), own_padded = round_up(task.tokens, kTile);
  // Behind what forward packs; off a power of two, so that a tile's rows spread over the cache.
  float* const strip = reinterpret_cast<float*>(t.d_out);
  const int64_t stride = keys_padded + kTile;
  load_keys_values<kDim>(task, b, positions);
  pack_keys<kDim>(b, keys_padded, t.key_tiles);
  pair_rows<kDim>(b.v, keys_padded, t.key_pairs);
  model::Tiles tiles;
  tiles.use(model::TileConfig(kTile, kTile));
  for (int64_t g = 0; g < task.group; ++g) {
    load_scaled_queries<kDim>(task, g, b, before, positions);
    split_rows<kDim>(b.q + before * kDim, own_padded, t.queries);
    for (int64_t own = 0; own < task.tokens; own += kTile) {
      const int64_t first = before + own, live = task.tokens - own < kTile ? task.tokens - own : kTile;
      const Keys keys = keys_of(first, live, task.window);
      const int64_t count = keys.end - keys.begin;
      for (int64_t j = 0; j < count; j += kChunk) tile_scores<kDim>(t, own, keys.begin + j, strip + j, stride);
      for (int64_t i = 0; i < kTile; ++i) mask_row(strip + i * stride, keys.begin, count, first + i, task.window);
      float top[kTile], denominator[kTile];
      for (int64_t i = 0; i < kTile; i += kTogether)
        round_weights(strip + i * stride, stride, count, top + i, denominator + i);
      for (int64_t i = 0; i < live; ++i)
        task.lse[g * task.tokens + own + i] = top[i] + kLog2E * __builtin_logf(denominator[i]);
      float out[kTile * kDim];
      weigh_values<kDim>(strip, stride, t.key_pairs + keys.begin / 2 * kDim, count, out);
      for (int64_t i = 0; i < live; ++i) {
        float* const to = task.out + (own + i) * task.out_stride + task.out_offset + g * kDim;
        const Vec scale = splat(1 / denominator[i]);
        for (int d = 0; d < kDim; d += kWidth) store(to + d, load(out + i * kDim + d) * scale);
      }
    }
  }
}

// Of a block of 32 queries and a chunk of 32 keys: the weights P and dS = P * (dP - delta).
struct Chunk {
  struct Factors {
    alignas(64) float scores[kChunk * kChunk];
    alignas(64) float d_weights[kChunk * kChunk];
  };
  Factors factors[2];                             // of two chunks in turn
  alignas(64) int weight_pairs[kTile * kChunk];   // [pair of queries][key]
  alignas(64) int d_score_pairs[kTile * kChunk];  // the same
  alignas(64) Bf16 d_scores[kChunk * kChunk];     // [query][key]
};

// 32 numbers of bf16, those of `first` in the lower half.
IPR_INLINE __m512i round_both(Vec first, Vec second) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
}
// From halves to neighbours.
IPR_INLINE Ints interleaved(__m512i both) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return reinterpret_cast<Ints>(_mm512_maskz_permutexvar_epi16(0xffffffff, order, both));
}

IPR_INLINE void round_chunk(Chunk& c, const Chunk::Factors& factors, const float* lse, const float* delta) {
  for (int i = 0; i < kChunk; i += 2) {
#pragma GCC unroll 2
    for (int j = 0; j < kChunk; j += kWidth) {
      Vec weight[2], d_score[2];
#pragma GCC unroll 2
      for (int n = 0; n < 2; ++n) {
        const int at = (i + n) * kChunk + j;
        weight[n] = exp2_of(load(factors.scores + at) - splat(lse[i + n]));
        d_score[n] = weight[n] * (load(factors.d_weights + at) - splat(delta[i + n]));
      }
      const __m512i rounded = round_both(d_score[0], d_score[1]);
      store_pairs(c.weight_pairs + i / 2 * kChunk + j, interleaved(round_both(weight[0], weight[1])));
      store_pairs(c.d_score_pairs + i / 2 * kChunk + j, interleaved(rounded));
      auto* const row = reinterpret_cast<__m256i_u*>(c.d_scores + i * kChunk + j);
      auto* const next = reinterpret_cast<__m256i_u*>(c.d_scores + (i + 1) * kChunk + j);
      *row = _mm512_maskz_extracti64x4_epi64(0xf, rounded, 0);
      *next = _mm512_maskz_extracti64x4_epi64(0xf, rounded, 1);
    }
  }
}

// sums[dim][key] += turned[dim][query] pairs[query][key], for the chunk's keys.
template <int kDim>
IPR_INLINE void add_turned(const int* turned, const int* pairs, float* sums, int64_t stride) {
  for (int d = 0; d < kDim; d += kTile) {
    IPR_TILE_LOAD(4, turned + d * kTile, 64);
    IPR_TILE_LOAD(0, sums + d * stride, stride * kWord);
    IPR_TILE_LOAD(6, pairs, kChunk * kWord);
    IPR_TILE_DOT(0, 4, 6);
    IPR_TILE_STORE(0, sums + d * stride, stride * kWord);
    IPR_TILE_LOAD(1, sums + d * stride + kTile, stride * kWord);
    IPR_TILE_LOAD(7, pairs + kTile, kChunk * kWord);
    IPR_TILE_DOT(1, 4, 7);
    IPR_TILE_STORE(1, sums + d * stride + kTile, stride * kWord);
  }
}

// d_q of the block's 32 queries += d_scores times the chunk's keys.
template <int kDim>
IPR_INLINE void add_query_gradients(const Bf16* d_scores, const int* key_pairs, float* d_q) {
  for (int d = 0; d < kDim; d += kTile) {
    IPR_TILE_LOAD(6, key_pairs + d, kDim * kWord);
    IPR_TILE_LOAD(4, d_scores, 64);
    IPR_TILE_LOAD(0, d_q + d, kDim * kWord);
    IPR_TILE_DOT(0, 4, 6);
    IPR_TILE_STORE(0, d_q + d, kDim * kWord);
    IPR_TILE_LOAD(5, d_scores + kTile * kChunk, 64);
    IPR_TILE_LOAD(1, d_q + kTile * kDim + d, kDim * kWord);
    IPR_TILE_DOT(1, 5, 6);
    IPR_TILE_STORE(1, d_q + kTile * kDim + d, kDim * kWord);
  }
}

// to[position][dim] = from[dim][position] * scale.
template <int kDim>
IPR_INLINE void turn_back(const float* from, int64_t stride, int64_t positions, float scale, float* to) {
  for (int64_t t = 0; t < positions; ++t) {
    for (int d = 0; d < kDim; ++d) to[t * kDim + d] = from[d * stride + t] * scale;
  }
}

// Scores and gradients of weights of 32 queries and the 32 keys from `key` on.
template <int kDim>
IPR_INLINE void make_factors(const AttentionTask& task, const TileBuffers& t, int64_t own, int64_t first, int64_t key,
                             Chunk::Factors& to) {
  for (int64_t i = 0; i < kChunk; i += kTile) {
    tile_scores<kDim>(t, own + i, key, to.scores + i * kChunk, kChunk);
    tile_strip<kDim, false>(t.d_out + (own + i) * 2 * kDim, t.value_tiles + key / kTile * kTileWords, kTileWords,
                            to.d_weights + i * kChunk, kChunk);
  }
  if (key + kChunk > first || task.window > 0) {
    for (int64_t i = 0; i < kChunk; ++i) mask_row(to.scores + i * kChunk, key, kChunk, first + i, task.window);
  }
}

// attend_backward, on tiles.
template <int kDim>
void attend_backward_tiles(const AttentionTask& task) {
  const int64_t before = past_tokens(task), positions = before + task.tokens;
  const Buffers b = lay_out<kDim>(task, positions);
  const TileBuffers t = lay_out_tiles<kDim>(b);
  const int64_t keys_padded = round_up(positions, kChunk), own_padded = round_up(task.tokens, kChunk);
  float *const d_k = b.kt, *const d_v = b.vt;  // [dim][padded]
  load_keys_values<kDim>(task, b, positions);
  pack_keys<kDim>(b, keys_padded, t.key_tiles);
  pack_values<kDim>(b, keys_padded, t.value_tiles);
  pair_rows<kDim>(b.k, keys_padded, t.key_pairs);
  clear(d_k, b.padded * kDim);
  clear(d_v, b.padded * kDim);
  model::Tiles tiles;
  tiles.use(model::TileConfig(kTile, kTile));
  Chunk c;
  for (int64_t g = 0; g < task.group; ++g) {
    const int64_t head = task.out_offset + g * kDim;
    load_scaled_queries<kDim>(task, g, b, before, positions);
    copy_rows<kDim>(task.d_out + head, task.out_stride, before, positions, b.d_out, b.padded);
    split_rows<kDim>(b.q + before * kDim, own_padded, t.queries);
    split_rows<kDim>(b.d_out + before * kDim, own_padded, t.d_out);
    turn_rows<kDim>(b.q + before * kDim, own_padded, t.query_turned);
    turn_rows<kDim>(b.d_out + before * kDim, own_padded, t.d_out_turned);
    clear(b.d_q + before * kDim, own_padded * kDim);
    for (int64_t own = 0; own < task.tokens; own += kChunk) {
      const int64_t first = before + own, live = task.tokens - own < kChunk ? task.tokens - own : kChunk;
      const Keys keys = keys_of(first, live, task.window);
      float lse[kChunk], delta[kChunk];
      for (int64_t i = 0; i < kChunk; ++i) {  // a query beyond the last weighs nothing
        lse[i] = i < live ? task.lse[g * task.tokens + own + i] : -kMasked;
        delta[i] =
            i < live ? dot(task.out + (own + i) * task.out_stride + head, b.d_out + (first + i) * kDim, kDim) : 0;
      }
      // The next chunk's products are begun before this one's are waited for.
      make_factors<kDim>(task, t, own, first, keys.begin, c.factors[0]);
      for (int64_t j = keys.begin, n = 0; j < keys.end; j += kChunk, n ^= 1) {
        if (j + kChunk < keys.end) make_factors<kDim>(task, t, own, first, j + kChunk, c.factors[n ^ 1]);
        round_chunk(c, c.factors[n], lse, delta);
        add_turned<kDim>(t.d_out_turned + own / 2 * kDim, c.weight_pairs, d_v + j, b.padded);
        add_turned<kDim>(t.query_turned + own / 2 * kDim, c.d_score_pairs, d_k + j, b.padded);
        add_query_gradients<kDim>(c.d_scores, t.key_pairs + j / 2 * kDim, b.d_q + first * kDim);
      }
    }
    store_query_gradients<kDim>(task, g, b, before, positions);
  }
  turn_back<kDim>(d_k, b.padded, positions, 1 / kLog2E, b.d_k);
  turn_back<kDim>(d_v, b.padded, positions, 1, b.d_v);
  store_key_value_gradients<kDim>(task, b, before);
}

}  // namespace
}  // namespace ipr::train
