#include "core/train/torch/step_plan.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

namespace ipr::train {
namespace {

constexpr std::int64_t kBlock = model::kBlockPositions;

std::int64_t slot_of(const model::Row& row, std::int64_t position, const KvArena& arena) {
  return arena.block_of(row.blocks[position / kBlock]) * kBlock + position % kBlock;
}

std::vector<StepPlan::Segment> segments_of(std::span<const model::Row> rows) {
  std::vector<StepPlan::Segment> segments;
  std::int64_t keys = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const bool follows = r > 0 && rows[r].blocks == rows[r - 1].blocks && rows[r].position == rows[r - 1].position + 1;
    if (!follows) segments.push_back({static_cast<std::int64_t>(r), 0, 0, 0});
    segments.back().rows += 1;
    segments.back().keys = rows[r].position + 1;
  }
  for (StepPlan::Segment& segment : segments) {
    segment.first_key = keys;
    keys += segment.keys;
  }
  return segments;
}

// Lists that travel to the device together.
template <typename T>
class Upload {
 public:
  void add(std::vector<T> list) { lists_.push_back(std::move(list)); }
  [[nodiscard]] std::vector<at::Tensor> send(at::Device device) const {
    std::int64_t count = 0;
    for (const auto& list : lists_) count += static_cast<std::int64_t>(list.size());
    at::Tensor host = at::empty(
        {count}, at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value).pinned_memory(device.is_cuda()));
    T* to = host.mutable_data_ptr<T>();
    for (const auto& list : lists_) to = std::copy(list.begin(), list.end(), to);
    const at::Tensor there = host.to(device, /*non_blocking=*/true);
    std::vector<at::Tensor> parts;
    std::int64_t at = 0;
    for (const auto& list : lists_) {
      parts.push_back(there.narrow(0, at, static_cast<std::int64_t>(list.size())));
      at += static_cast<std::int64_t>(list.size());
    }
    return parts;
  }

 private:
  std::vector<std::vector<T>> lists_;
};

}  // namespace

StepPlan plan_step(std::span<const model::Row> rows, const KvArena& arena, at::Device device) {
  StepPlan plan;
  plan.segments = segments_of(rows);
  std::vector<std::int64_t> tokens, positions, slots, gather, wanted;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    tokens.push_back(rows[r].token);
    positions.push_back(rows[r].position);
    slots.push_back(slot_of(rows[r], rows[r].position, arena));
    if (rows[r].want_logits) wanted.push_back(static_cast<std::int64_t>(r));
  }
  std::vector<std::int32_t> row_starts = {0}, key_starts = {0};
  for (const StepPlan::Segment& segment : plan.segments) {
    const model::Row& row = rows[static_cast<std::size_t>(segment.first_row)];
    for (std::int64_t p = 0; p < segment.keys; ++p) gather.push_back(slot_of(row, p, arena));
    row_starts.push_back(static_cast<std::int32_t>(segment.first_row + segment.rows));
    key_starts.push_back(static_cast<std::int32_t>(segment.first_key + segment.keys));
    plan.most_rows = std::max(plan.most_rows, segment.rows);
    plan.most_keys = std::max(plan.most_keys, segment.keys);
  }
  Upload<std::int64_t> longs;
  for (auto* list : {&tokens, &positions, &slots, &gather, &wanted}) longs.add(std::move(*list));
  const auto sent = longs.send(device);
  plan.tokens = sent[0], plan.positions = sent[1], plan.slots = sent[2], plan.gather = sent[3], plan.wanted = sent[4];
  Upload<std::int32_t> ints;
  ints.add(std::move(row_starts));
  ints.add(std::move(key_starts));
  const auto starts = ints.send(device);
  plan.row_starts = starts[0], plan.key_starts = starts[1];
  return plan;
}

}  // namespace ipr::train
