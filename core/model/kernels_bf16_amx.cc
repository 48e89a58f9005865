// Products and attention on AMX's tile registers; the rest is bf16 on AVX-512.
//
// A tile holds 16 rows of 64 bytes. TDPBF16PS adds A B to C: A has up to 16 rows of 32 cells, B 16 rows of 16 pairs,
// which is how weights, keys and values are packed, C the f32 sums. Each row of C is its own sum over pairs in order,
// so that a row's bits do not depend on how many share the tile. The instructions are spelled out: GCC 12's intrinsics
// do not tell the compiler which memory they touch.
#define IPR_SIMD_WIDTH 16
#define IPR_SIMD_ROWS 6
#define IPR_SIMD_BF16
#include <sys/syscall.h>
#include <unistd.h>

#include "core/model/kernels_bf16_simd.h"
#include "core/model/kernels_table.h"

#define IPR_TILE_ZERO(tile) __asm__ volatile("tilezero %%tmm" #tile ::: "memory")
#define IPR_TILE_LOAD(tile, from, stride)                                                                   \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(from), "r"(static_cast<std::ptrdiff_t>(stride)) \
                   : "memor"                                                                                \
                     "y")
#define IPR_TILE_STORE(tile, to, stride)                                                                      \
  __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(to), "r"(static_cast<std::ptrdiff_t>(stride)) \
                   : "memory")
#define IPR_TILE_DOT(sum, a, b) __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #sum ::: "memory")

namespace ipr::model {
namespace {

constexpr int kTileRows = 16;
constexpr int kTileCells = 32;                       // of a row
constexpr int kTileBytes = 64;                       // of a row
constexpr int kTilePairs = kTileRows * kPairStride;  // cells of a B tile

// Tiles 0 to 3 are sums, 4 and 5 inputs, 6 and 7 weights. `first`: rows of tiles 0, 1 and 4; `second`: of 2, 3 and 5.
struct alignas(64) TileConfig {
  TileConfig(int first, int second) {
    const int heights[8] = {first, first, second, second, first, second, kTileRows, kTileRows};
    for (int i = 0; i < 8; ++i) {
      rows[i] = static_cast<std::uint8_t>(heights[i]);
      row_bytes[i] = heights[i] == 0 ? 0 : kTileBytes;  // a tile without rows must not have columns
    }
  }
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

// The tile registers of this thread, given back at the end: a thread without them is cheaper to switch.
class Tiles {
 public:
  Tiles() = default;
  ~Tiles() { __asm__ volatile("tilerelease" ::: "memory"); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  void use(const TileConfig& config) { __asm__ volatile("ldtilecfg %0" ::"m"(config) : "memory"); }
};

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

// Some rows with some query heads of one kv head, together at most 16: the rows of a tile, which share every key and
// value that is loaded. What a row may not attend to has weight 0, so that it adds nothing to the row's sums.
struct HeadGroup {
  const AttentionArgs& args;
  int kv_head;
  int first_head, heads;
  int first_row, rows;

  [[nodiscard]] int size() const { return rows * heads; }
  [[nodiscard]] int positions(int row) const { return args.positions + first_row + row; }
  [[nodiscard]] int first_block() const { return args.first_position(positions(0)) / kPositions; }
  [[nodiscard]] int blocks() const { return (positions(rows - 1) + kPositions - 1) / kPositions; }
  [[nodiscard]] const Bf16* cells(int block, int place) const {
    return reinterpret_cast<const Bf16*>(args.blocks[block] + args.offset) +
           static_cast<std::size_t>(place) * static_cast<std::size_t>(kPositions * args.head_stride);
  }
  [[nodiscard]] const Bf16* keys(int block) const { return cells(block, kv_head); }
  [[nodiscard]] const Bf16* values(int block) const { return cells(block, args.kv_heads + kv_head); }
  [[nodiscard]] int score_stride() const { return blocks() * kPositions; }
  // Of tile row i, [positions]; behind them what serves queries first, then outputs: [tile row][head_stride].
  [[nodiscard]] float* scores(int i) const { return args.scratch + static_cast<std::ptrdiff_t>(i) * score_stride(); }
  [[nodiscard]] float* vectors() const { return scores(size()); }
  [[nodiscard]] std::size_t head_offset(int i) const {
    return static_cast<std::size_t>(first_head + i % heads) * static_cast<std::size_t>(args.head_stride);
  }
  [[nodiscard]] const float* query(int i) const {
    return args.query + static_cast<std::size_t>(first_row + i / heads) * args.query_stride + head_offset(i);
  }
  [[nodiscard]] float* out(int i) const {
    return args.out + static_cast<std::size_t>(first_row + i / heads) * args.out_stride + head_offset(i);
  }
};

constexpr int kFloatBytes = sizeof(float);

// Scores of all positions from the first attended block on. A query counts as the sum of two cells, so that its 16
// digits lose nothing beside the keys' 8; the second product finds the keys in their tiles already.
void score(const HeadGroup& group) {
  const int stride = group.args.head_stride;
  Bf16* const queries = reinterpret_cast<Bf16*>(group.vectors());  // [tile row][two][head_stride]
  const Vec scale = splat(group.args.scale);
  for (int i = 0; i < group.size(); ++i) {
    for (int d = 0; d < stride; d += kLane) {
      Bf16* const to = queries + 2 * i * stride + d;
      const Vec query = load(group.query(i) + d) * scale;
      store_bf16(to, query);
      store_bf16(to + stride, query - load_bf16(to));
    }
  }
  const int query_bytes = 2 * stride * static_cast<int>(sizeof(Bf16));
  const int score_bytes = group.score_stride() * kFloatBytes;
  for (int b = group.first_block(); b < group.blocks(); ++b) {
    const Bf16* keys = group.keys(b);
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
    IPR_TILE_STORE(0, group.scores(0) + b * kPositions, score_bytes);
    IPR_TILE_STORE(1, group.scores(0) + b * kPositions + kLane, score_bytes);
  }
}

// 64 dimensions of the output, or 32, from the one at `dim` on, before the division by the weights' sum. The weights
// are cells at the beginning of each row of scores.
template <bool kFour>
void weigh_values(const HeadGroup& group, int dim) {
  IPR_TILE_ZERO(0);
  IPR_TILE_ZERO(1);
  if constexpr (kFour) {
    IPR_TILE_ZERO(2);
    IPR_TILE_ZERO(3);
  }
  const int score_bytes = group.score_stride() * kFloatBytes;
  for (int b = group.first_block(); b < group.blocks(); ++b) {
    const Bf16* values = group.values(b) + dim / kLane * kValueTile;
    IPR_TILE_LOAD(4, reinterpret_cast<const Bf16*>(group.scores(0)) + b * kPositions, score_bytes);
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
  float* const to = group.vectors() + dim;
  const int bytes = group.args.head_stride * kFloatBytes;
  IPR_TILE_STORE(0, to, bytes);
  IPR_TILE_STORE(1, to + kLane, bytes);
  if constexpr (kFour) {
    IPR_TILE_STORE(2, to + 2 * kLane, bytes);
    IPR_TILE_STORE(3, to + 3 * kLane, bytes);
  }
}

void attend_group(const HeadGroup& group, Tiles& tiles) {
  const AttentionArgs& args = group.args;
  tiles.use(TileConfig(group.size(), group.size()));
  score(group);
  const int skipped = group.first_block() * kPositions;
  float factor[kTileRows];
  for (int i = 0; i < group.size(); ++i) {
    float* const scores = group.scores(i);
    const int positions = group.positions(i / group.heads);
    factor[i] = 1.0f / softmax_weights(scores + skipped, args.first_position(positions) - skipped, positions - skipped,
                                       group.score_stride() - skipped);
    for (int p = skipped; p < group.score_stride(); p += kLane)  // in place: cells never reach what is still to read
      store_bf16(reinterpret_cast<Bf16*>(scores) + p, load(scores + p));
  }
  int dim = 0;
  for (; dim + 4 * kLane <= args.head_stride; dim += 4 * kLane) weigh_values<true>(group, dim);
  if (dim < args.head_stride) weigh_values<false>(group, dim);
  for (int i = 0; i < group.size(); ++i) {
    const Vec scale = splat(factor[i]);
    const float* from = group.vectors() + static_cast<std::ptrdiff_t>(i) * args.head_stride;
    for (int d = 0; d < args.head_stride; d += kLane) store(group.out(i) + d, load(from + d) * scale);
  }
}

void amx_attend(const AttentionArgs& args) {
  Tiles tiles;
  const int heads = args.group < kTileRows ? args.group : kTileRows;
  const int rows = kTileRows / heads;
  for (int kv_head = args.first_kv_head; kv_head < args.last_kv_head; ++kv_head) {
    for (int row = 0; row < args.rows; row += rows) {
      for (int head = 0; head < args.group; head += heads) {
        attend_group({args, kv_head, kv_head * args.group + head, args.group - head < heads ? args.group - head : heads,
                      row, args.rows - row < rows ? args.rows - row : rows},
                     tiles);
      }
    }
  }
}

constexpr Kernels make_amx_kernels() {
  Kernels kernels = make_bf16_kernels("bf16-amx");
  kernels.matmul = amx_matmul;
  kernels.attend = amx_attend;
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
