// The kernels, written once on vectors of 16 floats; each kernels_<family>.cc compiles them with its own flags.
//
// The including file sets IPR_SIMD_WIDTH (floats per register: 16, 8 or 4) and IPR_SIMD_ROWS (rows of a register tile).
// Everything here is in an unnamed namespace and uses no inline function of the standard library: the linker must never
// take one family's instructions for another's code.
#pragma once

#include "core/model/simd.h"

namespace ipr::model {
namespace {

constexpr int kRows = IPR_SIMD_ROWS;
constexpr int kPositions = kBlockPositions;

// ---------------------------------------------------------------------------------------------------------- products

// Cell: float, or std::uint16_t for bf16 (kernels_bf16_simd.h).
template <typename Cell>
struct TileArgs {
  const Cell* x;
  std::size_t x_stride;
  const Cell* weights;
  int k;
  float* y;
  std::size_t y_stride;
  bool accumulate;
};

template <typename Cell, int R, int B>
IPR_INLINE void store_tile(const TileArgs<Cell>& args, const Vec (&sum)[R][B]) {
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) {
      float* to = args.y + r * args.y_stride + b * kLane;
      store(to, args.accumulate ? load(to) + sum[r][b] : sum[r][b]);
    }
  }
}

// R rows by B blocks, sums in registers. Each sum starts at 0 and runs over k in order, whatever R and B are.
template <int R, int B>
void tile(const TileArgs<float>& args) {
  Vec sum[R][B];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) sum[r][b] = splat(0);
  }
  const std::size_t block = static_cast<std::size_t>(args.k) * kLane;
  for (int i = 0; i < args.k; ++i) {
    Vec weight[B];
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) weight[b] = load(args.weights + b * block + static_cast<std::size_t>(i) * kLane);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec value = splat(args.x[r * args.x_stride + static_cast<std::size_t>(i)]);
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) sum[r][b] = fma(value, weight[b], sum[r][b]);
    }
  }
  store_tile(args, sum);
}

// Blocks per tile of R rows: as many as the registers hold (about 24 sums of 512 bits, 12 of 256, 12 of 128).
constexpr int tile_blocks(int rows) {
  const int sums = (kWidth == 16 ? 24 : 12) / (rows * kParts);
  return sums >= 4 ? 4 : sums >= 2 ? 2 : 1;
}

template <int R, typename Cell>
void tile_row(TileArgs<Cell> args, int blocks) {
  constexpr int kBlocks = tile_blocks(R);
  const std::size_t block = static_cast<std::size_t>(args.k) * kLane;
  for (; blocks >= kBlocks; blocks -= kBlocks) {
    tile<R, kBlocks>(args);
    args.weights += kBlocks * block;
    args.y += kBlocks * kLane;
  }
  for (; blocks > 0; --blocks) {
    tile<R, 1>(args);
    args.weights += block;
    args.y += kLane;
  }
}

template <int R, typename Cell>
void tile_rest(const TileArgs<Cell>& args, int rows, int blocks) {
  if (rows == R) return tile_row<R>(args, blocks);
  if constexpr (R > 1) tile_rest<R - 1>(args, rows, blocks);
}

template <typename Cell>
void matmul(const void* x, std::size_t x_stride, int rows, const void* weights, int k, int blocks, float* y,
            std::size_t y_stride, bool accumulate) {
  constexpr int kColumnBlocks = 4;  // their weights stay in the first-level cache while all rows pass
  for (int first = 0; first < blocks; first += kColumnBlocks) {
    const int count = blocks - first < kColumnBlocks ? blocks - first : kColumnBlocks;
    TileArgs<Cell> args{
        static_cast<const Cell*>(x),
        x_stride,
        static_cast<const Cell*>(weights) + static_cast<std::size_t>(first) * static_cast<std::size_t>(k) * kLane,
        k,
        y + static_cast<std::size_t>(first) * kLane,
        y_stride,
        accumulate};
    int left = rows;
    for (; left >= kRows; left -= kRows) {
      tile_row<kRows>(args, count);
      args.x += kRows * x_stride;
      args.y += kRows * y_stride;
    }
    if (left > 0) tile_rest<kRows>(args, left, count);
  }
}

// -------------------------------------------------------------------------------------------------------- element-wise

void rms_norm(const float* x, const float* weight, int size, float eps, float* y) {
  Vec sum = splat(0);
  for (int i = 0; i < size; i += kLane) {
    const Vec value = load(x + i);
    sum = fma(value, value, sum);
  }
  const float mean = add_lanes(sum) / static_cast<float>(size);
  const Vec factor = splat(1.0f / __builtin_sqrtf(mean + eps));
  for (int i = 0; i < size; i += kLane) store(y + i, load(x + i) * factor * load(weight + i));
}

void rope(float* x, int heads, int head_stride, int head_dim, const float* cos, const float* sin) {
  const int half = head_dim / 2;
  for (int h = 0; h < heads; ++h) {
    float* head = x + static_cast<std::ptrdiff_t>(h) * head_stride;
    int i = 0;
    for (; i + kLane <= half; i += kLane) {
      const Vec a = load(head + i), b = load(head + i + half), c = load(cos + i), s = load(sin + i);
      store(head + i, a * c - b * s);
      store(head + i + half, b * c + a * s);
    }
    for (; i < half; ++i) {
      const float a = head[i];
      const float b = head[i + half];
      head[i] = a * cos[i] - b * sin[i];
      head[i + half] = b * cos[i] + a * sin[i];
    }
  }
}

void silu_mul(const float* gate_up, int pairs, float* y) {
  for (int j = 0; j < pairs; ++j) {
    const Vec gate = load(gate_up + 2 * kLane * j);
    const Vec up = load(gate_up + 2 * kLane * j + kLane);
    store(y + kLane * j, gate / (splat(1.0f) + exp(splat(0) - gate)) * up);
  }
}

// ---------------------------------------------------------------------------------------------------------- attention

void store_key_value(const float* key, const float* value, int head_dim, int head_stride, int slot, void* keys,
                     void* values) {
  for (int d = 0; d < head_dim; ++d) static_cast<float*>(keys)[d * kPositions + slot] = key[d];
  float* to = static_cast<float*>(values) + static_cast<std::ptrdiff_t>(slot) * head_stride;
  for (int d = 0; d < head_stride; ++d) to[d] = value[d];
}

// Query heads whose scores are summed side by side: as many as the registers hold. It only hides latency; each score is
// its own sum over the head's dimensions.
constexpr int kHeadTile = kWidth == 16 ? 4 : kWidth == 8 ? 2 : 1;

// Cell: of keys and values.
template <typename Cell>
struct Attention : AttentionArgs {
  AttentionRow row;
  int query_heads;   // of this call
  int score_stride;  // positions rounded up to 32
  int first_block;   // that has an attended position

  // Of the query head `h` of this call. `values`: whether its values are meant, which stand behind all keys.
  [[nodiscard]] const Cell* head(int block, int h, bool values) const {
    const int place = first_kv_head + h / group + (values ? kv_heads : 0);
    return reinterpret_cast<const Cell*>(row.blocks[block] + offset) +
           static_cast<std::size_t>(place) * static_cast<std::size_t>(kPositions * head_stride);
  }
  [[nodiscard]] float* scores(int h) const { return scratch + static_cast<std::ptrdiff_t>(h) * score_stride; }
  [[nodiscard]] const float* query_of(int h) const {
    return row.query + static_cast<std::ptrdiff_t>(first_kv_head * group + h) * head_stride;
  }
};

// Scores of one block's 32 positions for the query heads first .. first + COUNT (counted within the call).
template <int COUNT>
void score_heads(const Attention<float>& args, int block, int first) {
  const float* keys[COUNT];
  const float* query[COUNT];
  Vec sum[COUNT][2];
#pragma GCC unroll 4
  for (int h = 0; h < COUNT; ++h) {
    keys[h] = args.head(block, first + h, false);
    query[h] = args.query_of(first + h);
    sum[h][0] = sum[h][1] = splat(0);
  }
  for (int d = 0; d < args.head_dim; ++d) {
#pragma GCC unroll 4
    for (int h = 0; h < COUNT; ++h) {
      const Vec value = splat(query[h][d] * args.scale);
      sum[h][0] = fma(value, load(keys[h] + kPositions * d), sum[h][0]);
      sum[h][1] = fma(value, load(keys[h] + kPositions * d + kLane), sum[h][1]);
    }
  }
#pragma GCC unroll 4
  for (int h = 0; h < COUNT; ++h) {
    float* scores = args.scores(first + h) + kPositions * block;
    store(scores, sum[h][0]);
    store(scores + kLane, sum[h][1]);
  }
}

// Scores become weights exp(score - max) in place, those of positions not attended to 0; returns their sum. `scores`
// begins with the first attended block.
float softmax_weights(float* scores, int first, int positions, int padded_positions) {
  for (int p = 0; p < first; ++p) scores[p] = -__builtin_inff();
  for (int p = positions; p < padded_positions; ++p) scores[p] = -__builtin_inff();
  Vec best = load(scores);
  for (int p = kLane; p < padded_positions; p += kLane) best = larger(load(scores + p), best);
  const Vec max = splat(max_lane(best));
  Vec sum = splat(0);
  for (int p = 0; p < padded_positions; p += kLane) {
    const Vec weight = exp(load(scores + p) - max);
    store(scores + p, weight);
    sum = sum + weight;
  }
  return add_lanes(sum);
}

// sum[i] += weight[p] V[p] over the block's positions with p modulo 4 == i: four sums, that four products may overlap.
IPR_INLINE void add_values(const float* values, std::ptrdiff_t stride, const float* weight, int count, float* sums) {
  Vec sum[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) sum[i] = load(sums + kLane * i);
#pragma GCC unroll 1
  for (; count >= 4; count -= 4, weight += 4, values += 4 * stride) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) sum[i] = fma(splat(weight[i]), load(values + i * stride), sum[i]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 3; ++i) {
    if (i < count) sum[i] = fma(splat(weight[i]), load(values + i * stride), sum[i]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) store(sums + kLane * i, sum[i]);
}

// The values of one block, for all heads of the call; `sums` is [query head][head_stride / 16][4][16].
void add_block_values(const Attention<float>& args, int block, float* sums) {
  const int left = args.row.positions - kPositions * block;
  const int count = left < kPositions ? left : kPositions;
  for (int h = 0; h < args.query_heads; ++h) {
    const float* from = args.head(block, h, true);
    const float* weight = args.scores(h) + kPositions * block;
    for (int c = 0; c < args.head_stride; c += kLane) {
      add_values(from + c, args.head_stride, weight, count, sums);
      sums += 4 * kLane;
    }
  }
}

// out = the sums of add_values() added up, over weight_sum.
void write_sums(float* out, const float* sums, int head_stride, float weight_sum) {
  const Vec factor = splat(1.0f / weight_sum);
  for (int c = 0; c < head_stride; c += kLane) {
    const Vec left = load(sums + 4 * c) + load(sums + 4 * c + kLane);
    const Vec right = load(sums + 4 * c + 2 * kLane) + load(sums + 4 * c + 3 * kLane);
    store(out + c, (left + right) * factor);
  }
}

// Asks for the memory of `heads` heads' keys or values of one block: rows' blocks lie all over the pool, and what
// stands beyond a page's end no processor fetches by itself.
template <typename Cell>
IPR_INLINE void fetch(const Cell* from, int heads, int head_stride) {
  const char* line = reinterpret_cast<const char*>(from);
  const char* const end = line + static_cast<std::size_t>(heads) * kPositions * head_stride * sizeof(Cell);
  for (; line < end; line += 64) __builtin_prefetch(line, 0, 2);
}

// Blocks outside, heads inside: a row's keys, then its values, pass once and in the order of memory.
template <typename Cell>
void attend_row(const AttentionArgs& given, const AttentionRow& row) {
  const int first_position = given.first_position(row.positions);
  Attention<Cell> args{given, row, (given.last_kv_head - given.first_kv_head) * given.group, 0,
                       first_position / kPositions};
  const int blocks = (row.positions + kPositions - 1) / kPositions;
  const int skipped = args.first_block * kPositions;
  args.score_stride = blocks * kPositions;
  float* sums = args.scores(args.query_heads);
  for (int b = args.first_block; b < blocks; ++b) {
    int h = 0;
    if (b + 1 < blocks) fetch(args.head(b + 1, 0, false), args.query_heads / args.group, args.head_stride);
    for (; h + kHeadTile <= args.query_heads; h += kHeadTile) score_heads<kHeadTile>(args, b, h);
    for (; h < args.query_heads; ++h) score_heads<1>(args, b, h);
  }
  float* weight_sums = row.out + static_cast<std::ptrdiff_t>(args.first_kv_head * args.group) * args.head_stride;
  for (int h = 0; h < args.query_heads; ++h) {  // kept where the head's output will go
    weight_sums[h * args.head_stride] = softmax_weights(args.scores(h) + skipped, first_position - skipped,
                                                        row.positions - skipped, args.score_stride - skipped);
  }
  for (int i = 0; i < args.query_heads * args.head_stride * 4; i += kLane) store(sums + i, splat(0));
  for (int b = args.first_block; b < blocks; ++b) {
    if (b + 1 < blocks) fetch(args.head(b + 1, 0, true), args.query_heads / args.group, args.head_stride);
    add_block_values(args, b, sums);
  }
  for (int h = 0; h < args.query_heads; ++h) {
    float* out = row.out + static_cast<std::ptrdiff_t>(args.first_kv_head * args.group + h) * args.head_stride;
    write_sums(out, sums + static_cast<std::ptrdiff_t>(h) * args.head_stride * 4, args.head_stride, *out);
  }
}

template <typename Cell>
void attend(const AttentionArgs& args) {
  for (int r = 0; r < args.row_count; ++r) attend_row<Cell>(args, args.rows[r]);
}

}  // namespace
}  // namespace ipr::model

#include "core/model/attend_lanes_simd.h"

namespace ipr::model {
namespace {

// As many lanes as fit the registers of 512 bits; with fewer registers they would be spilled.
constexpr int kAttendTogether = kWidth == 16 ? kMostLanes : 1;

// A windowed layer's rows go one by one, and so does a row alone whose heads share nothing.
template <typename Cell>
void attend_together(const AttentionArgs& args) {
  const int lanes = args.row_count * args.group;
  if (lanes == 1 || lanes > kAttendTogether || args.window > 0) return attend<Cell>(args);
  for (int head = args.first_kv_head; head < args.last_kv_head; ++head) attend_lanes<Cell>(args, head);
}

// ------------------------------------------------------------------------------------------------------------- logits

float max_value(const float* x, std::size_t size) {
  const float none = -__builtin_inff();
  Vec best = splat(none);
  std::size_t i = 0;
  for (; i + kLane <= size; i += kLane) best = larger(load(x + i), best);
  if (i < size) best = larger(load_tail(x, i, size, none), best);
  return max_lane(best);
}

double exp_weights(const float* x, std::size_t size, float max, float scale, float* weights) {
  double sum = 0;
  for (std::size_t i = 0; i < size; i += kLane) {
    const bool whole = i + kLane <= size;
    const Vec value = whole ? load(x + i) : load_tail(x, i, size, -__builtin_inff());
    const Vec weight = exp((value - splat(max)) * splat(scale));
    sum += static_cast<double>(add_lanes(weight));
    if (weights == nullptr) continue;
    if (whole) {
      store(weights + i, weight);
    } else {
      float lane[kLane];
      store(lane, weight);
      for (std::size_t j = 0; i + j < size; ++j) weights[i + j] = lane[j];
    }
  }
  return sum;
}

constexpr Kernels make_kernels(const char* family) {
  return {family, Width::kF32, matmul<float>,          nullptr,         store_key_value, rms_norm,
          rope,   silu_mul,    attend_together<float>, kAttendTogether, max_value,       exp_weights};
}

}  // namespace
}  // namespace ipr::model
