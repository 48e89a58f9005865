// Attention of rows that share their first blocks, and of query heads that share a kv head; part of kernels_simd.h, and
// included by it alone.
//
// A lane is a (row, query head) pair of one kv head. The blocks that all rows share and attend to in full are taken by
// several lanes at a time: a key or value that is loaded serves them all, and their sums hide each other's latency.
// What is left goes block by block. Each lane's sums are those of attend_row(), in the same order: the bits are the
// same.
//
// Cell: of keys and values. The functions that read them are here for float and in kernels_bf16_simd.h for bf16.
#pragma once

namespace ipr::model {
namespace {

constexpr int kLaneTile = 4;   // lanes side by side: 16 sums of values
constexpr int kMostLanes = 8;  // of a call: two tiles find the same blocks in the first-level cache

struct Lane {
  AttentionRow row;
  float* out;
  float* scores;  // one per position, rounded up to whole blocks
  float* work;    // [4 head_stride]: the query times the scale, then the sums of values
  float weight_sum;
  [[nodiscard]] int blocks() const { return (row.positions + kPositions - 1) / kPositions; }
};

// One kv head.
template <typename Cell>
struct LaneGroup {
  const AttentionArgs& args;
  int kv_head;
  Lane lanes[kMostLanes];
  int count = 0;
  int full = 0;  // blocks that all lanes share, each of whose positions all attend to

  [[nodiscard]] const Cell* keys(const Lane& lane, int block) const { return cells(lane, block, kv_head); }
  [[nodiscard]] const Cell* values(const Lane& lane, int block) const {
    return cells(lane, block, args.kv_heads + kv_head);
  }
  [[nodiscard]] const Cell* cells(const Lane& lane, int block, int place) const {
    return reinterpret_cast<const Cell*>(lane.row.blocks[block] + args.offset) +
           static_cast<std::size_t>(place) * static_cast<std::size_t>(kPositions * args.head_stride);
  }
};

// Scores of one block's 32 positions for COUNT lanes, which read the same keys.
template <int COUNT>
void score_lanes(const Lane* lanes, const float* keys, const AttentionArgs& args, int block) {
  Vec sum[COUNT][2];
#pragma GCC unroll 4
  for (int l = 0; l < COUNT; ++l) sum[l][0] = sum[l][1] = splat(0);
  for (int d = 0; d < args.head_dim; ++d) {
    const Vec left = load(keys + kPositions * d), right = load(keys + kPositions * d + kLane);
#pragma GCC unroll 4
    for (int l = 0; l < COUNT; ++l) {
      const Vec value = splat(lanes[l].work[d]);
      sum[l][0] = fma(value, left, sum[l][0]);
      sum[l][1] = fma(value, right, sum[l][1]);
    }
  }
#pragma GCC unroll 4
  for (int l = 0; l < COUNT; ++l) {
    store(lanes[l].scores + kPositions * block, sum[l][0]);
    store(lanes[l].scores + kPositions * block + kLane, sum[l][1]);
  }
}

// sum[l][i] += weight[l][p] V[p] over a block's positions with p modulo 4 == i, at 16 dimensions from c on, for COUNT
// lanes; as add_values() sums them. `values`: of the head.
template <int COUNT>
IPR_INLINE void add_tile(const float* values, int head_stride, int c, const float* const (&weights)[COUNT],
                         Vec (&sum)[COUNT][4]) {
  values += c;
#pragma GCC unroll 1
  for (int p = 0; p < kPositions; p += 4, values += 4 * head_stride) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const Vec value = load(values + i * head_stride);
#pragma GCC unroll 4
      for (int l = 0; l < COUNT; ++l) sum[l][i] = fma(splat(weights[l][p + i]), value, sum[l][i]);
    }
  }
}

// The values of the blocks [0, full) at 16 dimensions from c on, for COUNT lanes.
template <int COUNT, typename Cell>
void add_shared_values(const LaneGroup<Cell>& group, const Lane* lanes, int c) {
  Vec sum[COUNT][4];
#pragma GCC unroll 4
  for (int l = 0; l < COUNT; ++l) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) sum[l][i] = splat(0);
  }
  for (int block = 0; block < group.full; ++block) {
    const float* weights[COUNT];
#pragma GCC unroll 4
    for (int l = 0; l < COUNT; ++l) weights[l] = lanes[l].scores + kPositions * block;
    add_tile<COUNT>(group.values(lanes[0], block), group.args.head_stride, c, weights, sum);
  }
#pragma GCC unroll 4
  for (int l = 0; l < COUNT; ++l) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) store(lanes[l].work + 4 * c + kLane * i, sum[l][i]);
  }
}

// The values of one block behind those, for one lane.
inline void add_own_values(const LaneGroup<float>& group, const Lane& lane, int block) {
  const int stride = group.args.head_stride, left = lane.row.positions - kPositions * block;
  const float* values = group.values(lane, block);
  for (int c = 0; c < stride; c += kLane) {
    add_values(values + c, stride, lane.scores + kPositions * block, left < kPositions ? left : kPositions,
               lane.work + 4 * c);
  }
}

template <int COUNT, typename Cell>
void score_shared(const LaneGroup<Cell>& group, const Lane* lanes) {
  for (int block = 0; block < group.full; ++block)
    score_lanes<COUNT>(lanes, group.keys(lanes[0], block), group.args, block);
}

template <int COUNT, typename Cell>
void sum_shared(const LaneGroup<Cell>& group, const Lane* lanes) {
  for (int c = 0; c < group.args.head_stride; c += kLane) add_shared_values<COUNT>(group, lanes, c);
}

// step(first, count) in tiles of at most kLaneTile lanes.
template <typename Step>
IPR_INLINE void each_tile(int lanes, const Step& step) {
  for (int first = 0; first < lanes; first += kLaneTile)
    step(first, lanes - first < kLaneTile ? lanes - first : kLaneTile);
}

template <typename Cell>
void score_all(const LaneGroup<Cell>& group) {
  each_tile(group.count, [&](int first, int count) {
    const Lane* lanes = group.lanes + first;
    if (count == 4) score_shared<4>(group, lanes);
    if (count == 3) score_shared<3>(group, lanes);
    if (count == 2) score_shared<2>(group, lanes);
    if (count == 1) score_shared<1>(group, lanes);
  });
  for (int l = 0; l < group.count; ++l) {
    const Lane& lane = group.lanes[l];
    for (int block = group.full; block < lane.blocks(); ++block)
      score_lanes<1>(&lane, group.keys(lane, block), group.args, block);
  }
}

template <typename Cell>
void sum_all(const LaneGroup<Cell>& group) {
  each_tile(group.count, [&](int first, int count) {
    const Lane* lanes = group.lanes + first;
    if (count == 4) sum_shared<4>(group, lanes);
    if (count == 3) sum_shared<3>(group, lanes);
    if (count == 2) sum_shared<2>(group, lanes);
    if (count == 1) sum_shared<1>(group, lanes);
  });
  for (int l = 0; l < group.count; ++l) {
    for (int block = group.full; block < group.lanes[l].blocks(); ++block) add_own_values(group, group.lanes[l], block);
  }
}

// The rows' lanes of one kv head.
template <typename Cell>
void attend_lanes(const AttentionArgs& args, int kv_head) {
  LaneGroup<Cell> group{args, kv_head, {}, 0, args.row_count == 1 ? args.rows[0].positions : args.shared_blocks};
  float* scratch = args.scratch;
  for (int r = 0; r < args.row_count; ++r) {
    const AttentionRow& row = args.rows[r];
    if (row.positions / kPositions < group.full) group.full = row.positions / kPositions;
    for (int h = kv_head * args.group; h < (kv_head + 1) * args.group; ++h) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(h) * args.head_stride;
      Lane& lane = group.lanes[group.count++];
      lane = {row, row.out + at, scratch, scratch + (row.positions + kPositions - 1) / kPositions * kPositions, 0};
      for (int d = 0; d < args.head_stride; ++d) lane.work[d] = row.query[at + d] * args.scale;
      scratch = lane.work + 4 * args.head_stride;
    }
  }
  score_all(group);
  for (int l = 0; l < group.count; ++l) {
    Lane& lane = group.lanes[l];
    lane.weight_sum = softmax_weights(lane.scores, 0, lane.row.positions, kPositions * lane.blocks());
  }
  sum_all(group);
  for (int l = 0; l < group.count; ++l)
    write_sums(group.lanes[l].out, group.lanes[l].work, args.head_stride, group.lanes[l].weight_sum);
}

}  // namespace
}  // namespace ipr::model
