// Products and attention on AMX's tile registers; the rest is bf16 on AVX-512.
//
// Weights, keys and values are packed as the rows of pairs that a product takes (amx_tiles.h). Each row of sums is its
// own sum over pairs in order, so that a row's bits do not depend on how many share the tile.
#define IPR_SIMD_WIDTH 16
#define IPR_SIMD_ROWS 6
#define IPR_SIMD_BF16
#include <sys/syscall.h>
#include <unistd.h>

#include "core/model/amx_tiles.h"
#include "core/model/kernels_bf16_simd.h"
#include "core/model/kernels_table.h"

namespace ipr::model {
namespace {

constexpr int kTilePairs = kTileRows * kPairStride;  // cells of a B tile

// ---------------------------------------------------------------------------------------------------------- products

struct Product {
  const Bf16* x;
  std::ptrdiff_t x_bytes;  // from row to row
  const Bf16* weights;
  int k;
  float* y;
  std::ptrdiff_t y_bytes;
  bool accumulate;
};

// Up to 32 rows (16, or the second tile's) by 2 blocks or 1.
template <bool kTwoRows, bool kTwoBlocks>
void tile_product(const Product& args) {
  float* const below = reinterpret_cast<float*>(reinterpret_cast<char*>(args.y) + kTileRows * args.y_bytes);
  if (args.accumulate) {
    IPR_TILE_LOAD(0, args.y, args.y_bytes);
    if constexpr (kTwoBlocks) IPR_TILE_LOAD(1, args.y + kLane, args.y_bytes);
    if constexpr (kTwoRows) IPR_TILE_LOAD(2, below, args.y_bytes);
    if constexpr (kTwoRows && kTwoBlocks) IPR_TILE_LOAD(3, below + kLane, args.y_bytes);
  } else {
    IPR_TILE_ZERO(0);
    if constexpr (kTwoBlocks) IPR_TILE_ZERO(1);
    if constexpr (kTwoRows) IPR_TILE_ZERO(2);
    if constexpr (kTwoRows && kTwoBlocks) IPR_TILE_ZERO(3);
  }
  const Bf16* x = args.x;
  const Bf16* const x_below =
      reinterpret_cast<const Bf16*>(reinterpret_cast<const char*>(x) + kTileRows * args.x_bytes);
  const Bf16* weights = args.weights;
  const std::size_t block = static_cast<std::size_t>(args.k) * kLane;
  for (int i = 0; i < args.k; i += kTileCells, weights += kTilePairs) {
    IPR_TILE_LOAD(4, x + i, args.x_bytes);
    IPR_TILE_LOAD(6, weights, kTileBytes);
    IPR_TILE_DOT(0, 4, 6);
    if constexpr (kTwoBlocks) {
      IPR_TILE_LOAD(7, weights + block, kTileBytes);
      IPR_TILE_DOT(1, 4, 7);
    }
    if constexpr (kTwoRows) {
      IPR_TILE_LOAD(5, x_below + i, args.x_bytes);
      IPR_TILE_DOT(2, 5, 6);
      if constexpr (kTwoBlocks) IPR_TILE_DOT(3, 5, 7);
    }
  }
  IPR_TILE_STORE(0, args.y, args.y_bytes);
  if constexpr (kTwoBlocks) IPR_TILE_STORE(1, args.y + kLane, args.y_bytes);
  if constexpr (kTwoRows) IPR_TILE_STORE(2, below, args.y_bytes);
  if constexpr (kTwoRows && kTwoBlocks) IPR_TILE_STORE(3, below + kLane, args.y_bytes);
}

template <bool kTwoBlocks>
void all_rows(Product args, int rows, Tiles& tiles, const TileConfig& whole, const TileConfig& rest) {
  constexpr int kGroup = 2 * kTileRows;
  if (rows >= kGroup) tiles.use(whole);
  for (; rows >= kGroup; rows -= kGroup) {
    tile_product<true, kTwoBlocks>(args);
    args.x = reinterpret_cast<const Bf16*>(reinterpret_cast<const char*>(args.x) + kGroup * args.x_bytes);
    args.y = reinterpret_cast<float*>(reinterpret_cast<char*>(args.y) + kGroup * args.y_bytes);
  }
  if (rows == 0) return;
  tiles.use(rest);
  rows > kTileRows ? tile_product<true, kTwoBlocks>(args) : tile_product<false, kTwoBlocks>(args);
}

// Two blocks at a time: their weights stay in the caches while all rows pass.
void amx_matmul(const void* x, std::size_t x_stride, int rows, const void* weights, int k, int blocks, float* y,
                std::size_t y_stride, bool accumulate) {
  Product args{static_cast<const Bf16*>(x),
               static_cast<std::ptrdiff_t>(x_stride * sizeof(Bf16)),
               static_cast<const Bf16*>(weights),
               k,
               y,
               static_cast<std::ptrdiff_t>(y_stride * sizeof(float)),
               accumulate};
  const int left = rows % (2 * kTileRows);
  const TileConfig whole(kTileRows, kTileRows);
  const TileConfig rest(left > kTileRows ? kTileRows : left, left > kTileRows ? left - kTileRows : 0);
  Tiles tiles;
  const std::size_t block = static_cast<std::size_t>(k) * kLane;
  for (; blocks >= 2; blocks -= 2) {
    all_rows<true>(args, rows, tiles, whole, rest);
    args.weights += 2 * block;
    args.y += 2 * kLane;
  }
  if (blocks > 0) all_rows<false>(args, rows, tiles, whole, rest);
}

// ---------------------------------------------------------------------------------------------------------- attention

// Some rows with some query heads of one kv head, together at most 16: the rows of a tile. Blocks that all rows share
// are multiplied with all of them at once, so that their keys and values are loaded once; what stands behind them row
// by row. What a row may not attend to has weight 0 and adds nothing to its sums, which go through the blocks in order
// either way: a row's bits do not depend on who shares its tile.
struct HeadGroup {
  const AttentionArgs& args;
  int kv_head;
  int first_head, heads;
  const AttentionRow* rows;
  int row_count;
  int score_stride;  // floats of a tile row's scores: whole blocks

  [[nodiscard]] int size() const { return row_count * heads; }
  // Of row r: its first attended block, and where its blocks end.
  [[nodiscard]] int first_block(int r) const { return args.first_position(rows[r].positions) / kPositions; }
  [[nodiscard]] int first_block_of_all() const {
    int first = first_block(0);
    for (int r = 1; r < row_count; ++r) first = first_block(r) < first ? first_block(r) : first;
    return first;
  }
  [[nodiscard]] int last_block(int r) const {
    const int own = (rows[r].positions + kPositions - 1) / kPositions;
    return own > args.shared_blocks ? own : args.shared_blocks;
  }
  [[nodiscard]] const Bf16* cells(int r, int block, int place) const {
    return reinterpret_cast<const Bf16*>(rows[r].blocks[block] + args.offset) +
           static_cast<std::size_t>(place) * static_cast<std::size_t>(kPositions * args.head_stride);
  }
  [[nodiscard]] const Bf16* keys(int r, int block) const { return cells(r, block, kv_head); }
  [[nodiscard]] const Bf16* values(int r, int block) const { return cells(r, block, args.kv_heads + kv_head); }
  // Of tile row i, [positions]; behind them what serves queries first, then outputs: [tile row][head_stride].
  [[nodiscard]] float* scores(int i) const { return args.scratch + static_cast<std::ptrdiff_t>(i) * score_stride; }
  [[nodiscard]] float* vector(int i) const {
    return scores(size()) + static_cast<std::ptrdiff_t>(i) * args.head_stride;
  }
  [[nodiscard]] std::size_t head_offset(int i) const {
    return static_cast<std::size_t>(first_head + i % heads) * static_cast<std::size_t>(args.head_stride);
  }
  [[nodiscard]] const float* query(int i) const { return rows[i / heads].query + head_offset(i); }
  [[nodiscard]] float* out(int i) const { return rows[i / heads].out + head_offset(i); }
};

constexpr int kFloatBytes = sizeof(float);

// A query counts as the sum of two cells, so that its 16 digits lose nothing beside the keys' 8; the second product
// finds the keys in their tiles already. As cells, [tile row][two][head_stride].
void take_queries(const HeadGroup& group) {
  const int stride = group.args.head_stride;
  const Vec scale = splat(group.args.scale);
  for (int i = 0; i < group.size(); ++i) {
    Bf16* const to = reinterpret_cast<Bf16*>(group.vector(i));
    for (int d = 0; d < stride; d += kLane) {
      const Vec query = load(group.query(i) + d) * scale;
      store_bf16(to + d, query);
      store_bf16(to + stride + d, query - load_bf16(to + d));
    }
  }
}

// Blocks lie anywhere in memory. Asking early for the first lines of one lets the processor foresee the others; asking
// for all of them is dearer than waiting.
inline void foresee(const Bf16* cells) {
  constexpr int kLines = 8, kLineBytes = 64;
  const char* const line = reinterpret_cast<const char*>(cells);
  for (int i = 0; i < kLines; ++i) __builtin_prefetch(line + i * kLineBytes, 0, 2);
}
constexpr int kForeseen = 2;  // blocks ahead

// Scores of the tile rows from i on (as many as the configuration says) against blocks [begin, end) of row r.
void score(const HeadGroup& group, int i, int r, int begin, int end) {
  const int stride = group.args.head_stride;
  const Bf16* const queries = reinterpret_cast<const Bf16*>(group.vector(i));
  const int query_bytes = 2 * stride * static_cast<int>(sizeof(Bf16));
  const int score_bytes = group.score_stride * kFloatBytes;
  for (int b = begin; b < end; ++b) {
    const Bf16* keys = group.keys(r, b);
    if (b + kForeseen < end) foresee(group.keys(r, b + kForeseen));
    IPR_TILE_ZERO(0);
    IPR_TILE_ZERO(1);
    for (int d = 0; d < stride; d += kTileCells, keys += kTilePairs) {
      IPR_TILE_LOAD(4, queries + d, query_bytes);
      IPR_TILE_LOAD(5, queries + stride + d, query_bytes);
      IPR_TILE_LOAD(6, keys, kTileBytes);
      IPR_TILE_DOT(0, 4, 6);
      IPR_TILE_DOT(0, 5, 6);
      IPR_TILE_LOAD(7, keys + key_half(stride), kTileBytes);
      IPR_TILE_DOT(1, 4, 7);
      IPR_TILE_DOT(1, 5, 7);
    }
    IPR_TILE_STORE(0, group.scores(i) + b * kPositions, score_bytes);
    IPR_TILE_STORE(1, group.scores(i) + b * kPositions + kLane, score_bytes);
  }
}

// Adds the values of blocks [begin, end) of row r to 64 dimensions of the tile rows' vectors, or 32, from the one at
// `dim` on. Weights are cells at the beginning of each row of scores.
template <bool kFour>
void add_values(const HeadGroup& group, int i, int r, int begin, int end, int dim) {
  float* const sums = group.vector(i) + dim;
  const int bytes = group.args.head_stride * kFloatBytes;
  IPR_TILE_LOAD(0, sums, bytes);
  IPR_TILE_LOAD(1, sums + kLane, bytes);
  if constexpr (kFour) {
    IPR_TILE_LOAD(2, sums + 2 * kLane, bytes);
    IPR_TILE_LOAD(3, sums + 3 * kLane, bytes);
  }
  const Bf16* const weights = reinterpret_cast<const Bf16*>(group.scores(i));
  for (int b = begin; b < end; ++b) {
    const Bf16* values = group.values(r, b) + dim / kLane * kValueTile;
    if (dim == 0 && b + kForeseen < end) foresee(group.values(r, b + kForeseen));
    IPR_TILE_LOAD(4, weights + b * kPositions, group.score_stride * kFloatBytes);
    IPR_TILE_LOAD(6, values, kTileBytes);
    IPR_TILE_DOT(0, 4, 6);
    IPR_TILE_LOAD(7, values + kValueTile, kTileBytes);
    IPR_TILE_DOT(1, 4, 7);
    if constexpr (kFour) {
      IPR_TILE_LOAD(6, values + 2 * kValueTile, kTileBytes);
      IPR_TILE_DOT(2, 4, 6);
      IPR_TILE_LOAD(7, values + 3 * kValueTile, kTileBytes);
      IPR_TILE_DOT(3, 4, 7);
    }
  }
  IPR_TILE_STORE(0, sums, bytes);
  IPR_TILE_STORE(1, sums + kLane, bytes);
  if constexpr (kFour) {
    IPR_TILE_STORE(2, sums + 2 * kLane, bytes);
    IPR_TILE_STORE(3, sums + 3 * kLane, bytes);
  }
}

void add_all_values(const HeadGroup& group, int i, int r, int begin, int end) {
  int dim = 0;
  for (; dim + 4 * kLane <= group.args.head_stride; dim += 4 * kLane) add_values<true>(group, i, r, begin, end, dim);
  if (dim < group.args.head_stride) add_values<false>(group, i, r, begin, end, dim);
}

// Calls step(tile row, row, first block, last block) for the shared blocks with all rows, then for each row's own.
template <typename Step>
void over_blocks(const HeadGroup& group, Tiles& tiles, const Step& step) {
  const int shared = group.args.shared_blocks;
  const int first = group.first_block_of_all();
  if (first < shared) {
    tiles.use(TileConfig(group.size(), group.size()));
    step(0, 0, first, shared);
  }
  bool configured = false;
  for (int r = 0; r < group.row_count; ++r) {
    const int begin = group.first_block(r) > shared ? group.first_block(r) : shared, end = group.last_block(r);
    if (begin >= end) continue;
    if (!configured) tiles.use(TileConfig(group.heads, group.heads));
    configured = true;
    step(r * group.heads, r, begin, end);
  }
}

// The row's scores become weights, cells in place (they never reach what is still to read); returns 1 / their sum.
// Blocks that are multiplied because others of the group attend to them weigh 0.
float weigh(const HeadGroup& group, int i, int first_block) {
  const int r = i / group.heads, positions = group.rows[r].positions;
  const int begin = first_block * kPositions, end = group.last_block(r) * kPositions;
  float* const scores = group.scores(i);
  const float sum =
      softmax_weights(scores + begin, group.args.first_position(positions) - begin, positions - begin, end - begin);
  for (int p = begin; p < end; p += kLane) store_bf16(reinterpret_cast<Bf16*>(scores) + p, load(scores + p));
  return 1.0f / sum;
}

void attend_group(const HeadGroup& group, Tiles& tiles) {
  const int stride = group.args.head_stride, shared = group.args.shared_blocks;
  take_queries(group);
  over_blocks(group, tiles, [&](int i, int r, int begin, int end) { score(group, i, r, begin, end); });
  const int first = group.first_block_of_all();
  float factor[kTileRows];
  for (int i = 0; i < group.size(); ++i)
    factor[i] = weigh(group, i, first < shared ? first : group.first_block(i / group.heads));
  for (int d = 0; d < group.size() * stride; d += kLane) store(group.vector(0) + d, splat(0));
  over_blocks(group, tiles, [&](int i, int r, int begin, int end) { add_all_values(group, i, r, begin, end); });
  for (int i = 0; i < group.size(); ++i) {
    const Vec scale = splat(factor[i]);
    for (int d = 0; d < stride; d += kLane) store(group.out(i) + d, load(group.vector(i) + d) * scale);
  }
}

void amx_attend(const AttentionArgs& args) {
  Tiles tiles;
  const int heads = args.group < kTileRows ? args.group : kTileRows;
  const int rows = kTileRows / heads;
  for (int kv_head = args.first_kv_head; kv_head < args.last_kv_head; ++kv_head) {
    for (int row = 0; row < args.row_count; row += rows) {
      for (int head = 0; head < args.group; head += heads) {
        HeadGroup group{args,
                        kv_head,
                        kv_head * args.group + head,
                        args.group - head < heads ? args.group - head : heads,
                        args.rows + row,
                        args.row_count - row < rows ? args.row_count - row : rows,
                        0};
        for (int r = 0; r < group.row_count; ++r) {
          const int stride = group.last_block(r) * kPositions;
          group.score_stride = group.score_stride < stride ? stride : group.score_stride;
        }
        attend_group(group, tiles);
      }
    }
  }
}

constexpr Kernels make_amx_kernels() {
  Kernels kernels = make_bf16_kernels("bf16-amx");
  kernels.matmul = amx_matmul;
  kernels.attend = amx_attend;
  kernels.attend_together = kTileRows;
  return kernels;
}

}  // namespace

extern const Kernels kernels_bf16_amx = make_amx_kernels();

bool may_use_amx() {
  // Linux hands the tile registers out on request: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  unsigned a = 7, b = 0, c = 0, d = 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  const bool tiles = (d >> 24 & 1) != 0, bf16 = (d >> 22 & 1) != 0;
  return tiles && bf16 && ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace ipr::model
