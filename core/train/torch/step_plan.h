// A step's rows as the index tensors that a device needs, uploaded in one piece.
//
// Neighbouring rows of one sequence with rising positions are a segment: its queries attend to all positions before
// them and to each other causally. Prompt pieces and single decode rows are the same to it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/model/engine.h"
#include "core/train/torch/kv_arena.h"

namespace ipr::train {

struct StepPlan {
  struct Segment {
    std::int64_t first_row = 0, rows = 0;
    std::int64_t first_key = 0, keys = 0;  // in `gather`; the last row sees them all
  };
  std::vector<Segment> segments;
  std::int64_t most_rows = 0, most_keys = 0;  // of a segment

  // int64, on the device.
  at::Tensor tokens, positions;  // [rows]
  at::Tensor slots;              // [rows]: position of the arena that takes the row's K and V
  at::Tensor gather;             // [keys of all segments]: positions of the arena to be read
  at::Tensor wanted;             // [rows that want logits]
  // int32, on the device: where each segment's rows and keys begin, and the end.
  at::Tensor row_starts, key_starts;
};

[[nodiscard]] StepPlan plan_step(std::span<const model::Row> rows, const KvArena& arena, at::Device device);

}  // namespace ipr::train
