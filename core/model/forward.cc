#include "core/model/forward.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace ipr::model {
namespace {

constexpr int kOneTable = std::numeric_limits<int>::max();  // shared: all that the longer of two rows has

int blocks_of(const Row& row) {
  return row.position / kBlockPositions + 1;
}

constexpr int kMostTogether = 16;  // rows of a group: no family's attend_together is larger

float* grown(AlignedFloats& memory, std::size_t floats) {
  if (memory.size() < floats) memory = AlignedFloats(floats);
  return memory.data();
}

}  // namespace

Forward::Forward(const Weights& weights, int threads, const Kernels& kernels)
    : config_(weights.config),
      kernels_(kernels),
      base_(packed_base(weights, kernels.width)),
      changes_(weights.lora, shape_, base_->layers.size()),
      threads_(threads),
      rope_(config_) {}

void Forward::begin_step(std::span<const Row> rows, float* logits, bool keep_order) {
  rows_ = rows;
  order_rows(keep_order);
  compare_neighbours();
  logits_ = logits;
  const auto count = static_cast<int>(rows.size());
  logit_index_.resize(rows.size() + 1);
  logit_index_[0] = 0;
  int longest = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    logit_index_[r + 1] = logit_index_[r] + (rows[r].want_logits ? 1 : 0);
    longest = std::max(longest, rows[r].position + 1);
  }
  need_positions(longest);
  const auto need = [](AlignedFloats& memory, int row_count, int stride) {
    return Rows{grown(memory, product(row_count, stride)), stride};
  };
  x_ = need(memory_.x, count, shape_.hidden_stride);
  normed_ = need_input(memory_.normed, count, shape_.hidden_stride, shape_.hidden_stride);
  qkv_ = need(memory_.qkv, count, shape_.qkv_width);
  attended_ = need_input(memory_.attended, count, shape_.query_width, shape_.query_width);
  gate_up_ = need(memory_.gate_up, count, 2 * shape_.inner_stride);
  inner_ = need_input(memory_.inner, count, shape_.inner_stride, shape_.inner_stride);
  // A module's part of A x is read in whole units: what of its neighbours it then meets, its B has zeros for.
  low_ = need_input(memory_.low, count, changes_.width, changes_.width + unit(shape_.width));
  last_ = need_input(memory_.last, logit_index_.back(), shape_.hidden_stride, shape_.hidden_stride);
  head_out_ = {logits, shape_.vocab};
  if (shape_.vocab % kLane != 0)  // kernels write whole blocks of 16 columns
    head_out_ = need(memory_.logits, logit_index_.back(), padded(shape_.vocab));
}

Forward::Input Forward::need_input(Memory::Input& memory, int count, int stride, int cell_stride) const {
  const Rows rows{grown(memory.rows, product(count, stride)), stride};
  if (kernels_.to_cells == nullptr) return {rows, {reinterpret_cast<std::byte*>(rows.values), stride, sizeof(float)}};
  const std::size_t bytes = bytes_of(shape_.width);
  float* const cells = grown(memory.cells, product(count, cell_stride) * bytes / sizeof(float) + 1);
  return {rows, {reinterpret_cast<std::byte*>(cells), cell_stride, bytes}};
}

void Forward::take(const Input& input, int row, int first, int count) const {
  if (kernels_.to_cells != nullptr) kernels_.to_cells(input.rows.at(row) + first, count, input.cells.at(row, first));
}

// What grows with the longest sequence: it is made for those that come, not for what the model could hold.
void Forward::need_positions(int longest) {
  rope_.reserve(longest);
  const std::size_t needed = attention_scratch(shape_.heads, shape_.head_stride, longest);
  if (needed <= attention_stride_) return;
  attention_stride_ = attention_scratch(shape_.heads, shape_.head_stride, std::max(256, longest + longest / 2));
  memory_.attention = AlignedFloats(attention_stride_ * static_cast<std::size_t>(threads_));
}

void Forward::embed(int begin, int end) {
  const auto width = static_cast<std::size_t>(shape_.hidden);
  for (int r = begin; r < end; ++r) {
    base_->embedding.read(product(rows_[static_cast<std::size_t>(r)].token, shape_.hidden), {x_.at(r), width});
    std::fill(x_.at(r) + shape_.hidden, x_.at(r) + shape_.hidden_stride, 0.0f);
  }
}

void Forward::attention_input(int index, int begin, int end) {
  norm(layer(index).input_norm, begin, end);
  lower(change(index).qkv, normed_, begin, end);
}

void Forward::qkv(int index, int begin, int end, int first_block, int last_block) {
  multiply(normed_, layer(index).qkv, change(index).qkv, qkv_, {begin, end, first_block, last_block}, false);
}

void Forward::write_keys_values(int index, int begin, int end) {
  for (int r = begin; r < end; ++r) {
    const Row& row = rows_[static_cast<std::size_t>(r)];
    float* heads = qkv_.at(r);
    if (config_.qk_norm) norm_heads(layer(index), heads);
    kernels_.rope(heads, shape_.heads + shape_.kv_heads, shape_.head_stride, shape_.head_dim, rope_.cos(row.position),
                  rope_.sin(row.position));
    float* block = row.blocks[row.position / kBlockPositions] + static_cast<std::size_t>(index) * shape_.layer_block();
    for (int h = 0; h < shape_.kv_heads; ++h) {
      float* keys = block + product(h, 1) * shape_.head_block();
      const float* key = heads + product(shape_.heads + h, shape_.head_stride);
      kernels_.store_key_value(key, key + product(shape_.kv_heads, shape_.head_stride), shape_.head_dim,
                               shape_.head_stride, row.position % kBlockPositions, keys,
                               keys + product(shape_.kv_heads, 1) * shape_.head_block());
    }
  }
}

// Sequences side by side whose tables begin with the same blocks, neighbouring positions of one sequence too. Any order
// gives the same bits.
void Forward::order_rows(bool keep_order) {
  order_.resize(rows_.size());
  std::iota(order_.begin(), order_.end(), 0);
  if (keep_order || kernels_.attend_together == 1) return;
  std::stable_sort(order_.begin(), order_.end(), [&](int a, int b) {
    const Row &left = rows_[static_cast<std::size_t>(a)], &right = rows_[static_cast<std::size_t>(b)];
    if (left.blocks == right.blocks) return left.position < right.position;
    const int left_count = blocks_of(left), right_count = blocks_of(right);
    for (int i = 0; i < std::min(left_count, right_count); ++i) {
      if (left.blocks[i] != right.blocks[i]) return std::less<>()(left.blocks[i], right.blocks[i]);
    }
    if (left_count != right_count) return left_count < right_count;
    return std::less<>()(left.blocks, right.blocks);
  });
}

// A prefix that neighbours share, each with the next, all of them share: so the neighbours' say it for any group.
void Forward::compare_neighbours() {
  shared_before_.assign(rows_.size(), 0);
  for (std::size_t place = 1; place < rows_.size(); ++place) {
    const Row &left = rows_[static_cast<std::size_t>(order_[place - 1])],
              &right = rows_[static_cast<std::size_t>(order_[place])];
    if (left.blocks == right.blocks) {  // a row may read what stands in its own table behind its position
      shared_before_[place] = kOneTable;
      continue;
    }
    const int least = std::min(blocks_of(left), blocks_of(right));
    int& same = shared_before_[place];
    while (same < least && left.blocks[same] == right.blocks[same]) ++same;
  }
}

int Forward::rows_together() const {
  return std::max(1, kernels_.attend_together / (shape_.heads / shape_.kv_heads));
}

Forward::Group Forward::group_at(int begin, int end) const {
  const int together = rows_together();
  const auto at = [&](int place) -> const Row& { return rows_[static_cast<std::size_t>(row_at(place))]; };
  Group group{begin + 1, kOneTable};
  int longest = blocks_of(at(begin));
  for (; group.end < end && group.end - begin < together; ++group.end) {
    const int with_next = std::min(group.shared_blocks, shared_before_[static_cast<std::size_t>(group.end)]);
    const int count = group.end - begin;
    const int now = std::min(group.shared_blocks, longest), then = std::min(with_next, longest);
    if (then == 0 || then * count < now * (count - 1)) break;
    group.shared_blocks = with_next;
    longest = std::max(longest, blocks_of(at(group.end)));
  }
  if (group.shared_blocks == kOneTable) group.shared_blocks = longest;
  return group;
}

void Forward::attend(int index, int begin, int end, int first_kv_head, int last_kv_head, int thread) {
  AttentionArgs args;
  args.kv_heads = shape_.kv_heads;
  args.first_kv_head = first_kv_head;
  args.last_kv_head = last_kv_head;
  args.group = shape_.heads / shape_.kv_heads;
  args.head_dim = shape_.head_dim;
  args.head_stride = shape_.head_stride;
  args.offset = static_cast<std::size_t>(index) * shape_.layer_block();
  args.window = static_cast<int>(config_.window(index));
  args.scale = 1.0f / std::sqrt(static_cast<float>(shape_.head_dim));
  args.scratch = memory_.attention.data() + attention_stride_ * static_cast<std::size_t>(thread);
  std::array<AttentionRow, kMostTogether> rows;
  args.rows = rows.data();
  for (int first = begin; first < end;) {
    const Group group = group_at(first, end);
    args.row_count = group.end - first;
    args.shared_blocks = group.shared_blocks;
    for (int place = first; place < group.end; ++place) {
      const int r = row_at(place);
      const Row& row = rows_[static_cast<std::size_t>(r)];
      rows[static_cast<std::size_t>(place - first)] = {qkv_.at(r), attended_.rows.at(r), row.blocks, row.position + 1};
    }
    kernels_.attend(args);
    first = group.end;
  }
  const int head_width = args.group * shape_.head_stride;
  for (int place = begin; place < end; ++place)
    take(attended_, row_at(place), first_kv_head * head_width, (last_kv_head - first_kv_head) * head_width);
}

void Forward::output_input(int index, int begin, int end) {
  lower(change(index).output, attended_, begin, end);
}

void Forward::output(int index, int begin, int end, int first_block, int last_block) {
  multiply(attended_, layer(index).output, change(index).output, x_, {begin, end, first_block, last_block}, true);
}

void Forward::mlp_input(int index, int begin, int end) {
  norm(layer(index).attention_norm, begin, end);
  lower(change(index).gate_up, normed_, begin, end);
}

void Forward::gate_up(int index, int begin, int end, int first_pair, int last_pair) {
  multiply(normed_, layer(index).gate_up, change(index).gate_up, gate_up_, {begin, end, 2 * first_pair, 2 * last_pair},
           false);
  for (int r = begin; r < end; ++r) {
    kernels_.silu_mul(gate_up_.at(r) + product(first_pair, 2 * kLane), last_pair - first_pair,
                      inner_.rows.at(r) + product(first_pair, kLane));
    take(inner_, r, first_pair * kLane, (last_pair - first_pair) * kLane);
  }
}

void Forward::down_input(int index, int begin, int end) {
  lower(change(index).down, inner_, begin, end);
}

void Forward::down(int index, int begin, int end, int first_block, int last_block) {
  multiply(inner_, layer(index).down, change(index).down, x_, {begin, end, first_block, last_block}, true);
}

void Forward::last_norm(int begin, int end) {
  const auto eps = static_cast<float>(config_.rms_norm_eps);
  for (int r = begin; r < end; ++r) {
    if (!rows_[static_cast<std::size_t>(r)].want_logits) continue;
    const int to = logits_before(r);
    kernels_.rms_norm(x_.at(r), base_->final_norm.data(), shape_.hidden, eps, last_.rows.at(to));
    take(last_, to, 0, padded(shape_.hidden));
  }
}

void Forward::head(int begin, int end, int first_block, int last_block) {
  static const ProductChange kNone;
  multiply(last_, base_->head, kNone, head_out_, {begin, end, first_block, last_block}, false);
}

void Forward::copy_logits(int begin, int end) {
  if (head_out_.values == logits_) return;
  for (int r = begin; r < end; ++r) std::copy_n(head_out_.at(r), shape_.vocab, logits_ + product(r, shape_.vocab));
}

void Forward::norm(const AlignedFloats& weight, int begin, int end) {
  const auto eps = static_cast<float>(config_.rms_norm_eps);
  for (int r = begin; r < end; ++r) {
    kernels_.rms_norm(x_.at(r), weight.data(), shape_.hidden, eps, normed_.rows.at(r));
    take(normed_, r, 0, padded(shape_.hidden));
  }
}

void Forward::norm_heads(const Layer& layer, float* heads) {
  const auto eps = static_cast<float>(config_.rms_norm_eps);
  for (int h = 0; h < shape_.heads + shape_.kv_heads; ++h) {
    const AlignedFloats& weight = h < shape_.heads ? layer.query_norm : layer.key_norm;
    float* head = heads + product(h, shape_.head_stride);
    kernels_.rms_norm(head, weight.data(), shape_.head_dim, eps, head);
  }
}

void Forward::lower(const ProductChange& change, const Input& x, int begin, int end) {
  if (change.parts.empty() || begin == end) return;
  kernels_.matmul(x.cells.at(begin), static_cast<std::size_t>(x.cells.stride), end - begin, change.a.block(0),
                  change.a.k, change.a.blocks, low_.rows.at(begin), static_cast<std::size_t>(low_.rows.stride), false);
  for (int r = begin; r < end; ++r) take(low_, r, 0, change.a.blocks * kLane);
}

void Forward::multiply(const Input& x, const PackedMatrix& matrix, const ProductChange& change, Rows y, Part part,
                       bool accumulate) {
  if (part.begin == part.end) return;
  kernels_.matmul(x.cells.at(part.begin), static_cast<std::size_t>(x.cells.stride), part.end - part.begin,
                  matrix.block(part.first_block), matrix.k, part.last_block - part.first_block,
                  y.at(part.begin) + product(part.first_block, kLane), static_cast<std::size_t>(y.stride), accumulate);
  add_change(change, y, part);
  if (matrix.bias.size() == 0) return;
  for (int r = part.begin; r < part.end; ++r) {
    float* row = y.at(r);
    for (int c = part.first_block * kLane; c < part.last_block * kLane; ++c) row[c] += matrix.bias.data()[c];
  }
}

void Forward::add_change(const ProductChange& change, Rows y, Part part) {
  for (const ProductChange::Part& module : change.parts) {
    // Those of the module's blocks that lie in the rectangle.
    const auto index_of = [&](int block) {
      return std::clamp((block - module.first_block + module.block_step - 1) / module.block_step, 0, module.b.blocks);
    };
    const int last = index_of(part.last_block);
    const int run = module.block_step == 1 ? module.b.blocks : 1;  // blocks that lie side by side in y
    for (int first = index_of(part.first_block); first < last; first += run) {
      kernels_.matmul(low_.cells.at(part.begin, module.column), static_cast<std::size_t>(low_.cells.stride),
                      part.end - part.begin, module.b.block(first), module.b.k, std::min(run, last - first),
                      y.at(part.begin) + product(module.first_block + first * module.block_step, kLane),
                      static_cast<std::size_t>(y.stride), true);
    }
  }
}

}  // namespace ipr::model
