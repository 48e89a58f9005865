#include "core/train/torch/packed_rows.h"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace ipr::train {
namespace {

// Products have a multiple of so many rows. Fewer take another path of the f32 product, with other bits; and LibTorch
// prepares a bf16 product anew for each count it has not seen.
constexpr std::size_t kRowUnit = 16;

std::size_t filled(std::size_t count) {
  return (count + kRowUnit - 1) / kRowUnit * kRowUnit;
}

template <typename Value>
at::Tensor to_tensor(const std::vector<Value>& values, at::ScalarType type, at::Device device) {
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, type);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<Value>());
  return tensor.to(device);
}

void add_device_side(Packing& packing, at::Device device) {
  std::vector<std::int32_t> starts(packing.begin.begin(), packing.begin.end());
  std::vector<std::int64_t> positions;
  for (std::size_t i = 0; i + 1 < packing.begin.size(); ++i) {
    for (std::int64_t t = 0; t < packing.begin[i + 1] - packing.begin[i]; ++t) positions.push_back(t);
  }
  packing.starts = to_tensor(starts, at::kInt, device);
  packing.positions = to_tensor(positions, at::kLong, device);
}

}  // namespace

Packed pack_rows(std::span<const TrainRow* const> rows, std::span<const std::size_t> indices, Output output,
                 at::Device device) {
  Packed packed;
  packed.output = output;
  const std::int64_t before = output == Output::kLogp ? 1 : 0;  // a token is foretold by the position before it
  Packing& packing = packed.packing;
  std::vector<std::int64_t> ids, scored, target;
  packing.begin.push_back(0);
  for (const std::size_t index : indices) {
    const TrainRow& row = *rows[index];
    const std::int64_t start = packing.begin.back();
    ids.insert(ids.end(), row.ids.begin(), row.ids.end());
    for (std::size_t t = 1; t < row.ids.size(); ++t) {
      if (row.mask[t] == 0) continue;
      packed.places.push_back({index, t});
      scored.push_back(start + static_cast<std::int64_t>(t) - before);
      target.push_back(row.ids[t]);
    }
    packing.begin.push_back(static_cast<std::int64_t>(ids.size()));
  }
  // Filling is a sequence of its own, so that no row's attention knows of it.
  const std::size_t tokens = ids.size();
  ids.resize(filled(std::max<std::size_t>(tokens, 1)), 0);
  if (ids.size() > tokens) packing.begin.push_back(static_cast<std::int64_t>(ids.size()));
  scored.resize(filled(scored.size()), 0);
  target.resize(scored.size(), 0);
  for (std::size_t i = 0; i + 1 < packing.begin.size(); ++i) {
    packing.longest = std::max(packing.longest, packing.begin[i + 1] - packing.begin[i]);
  }
  add_device_side(packing, device);
  packed.ids = to_tensor(ids, at::kLong, device);
  packed.scored = to_tensor(scored, at::kLong, device);
  packed.target = to_tensor(target, at::kLong, device);
  return packed;
}

}  // namespace ipr::train
