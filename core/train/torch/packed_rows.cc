#include "core/train/torch/packed_rows.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/base/rng.h"

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
  for (std::size_t i = 0; i < packing.sequences(); ++i) {
    const std::int64_t first = packing.past_tokens(i);
    for (std::int64_t t = 0; t < packing.tokens(i); ++t) positions.push_back(first + t);
  }
  packing.starts = to_tensor(starts, at::kInt, device);
  packing.positions = to_tensor(positions, at::kLong, device);
}

using Past = std::vector<Packing::Range>;

// Where the first `tokens` tokens of a sequence stand, its past included.
Past first_tokens(const Packing& packing, std::size_t sequence, std::int64_t tokens) {
  Past ranges = packing.past[sequence];
  ranges.push_back({packing.begin[sequence], packing.tokens(sequence)});
  Past first;
  for (const Packing::Range& range : ranges) {
    if (tokens == 0) break;
    first.push_back({range.begin, std::min(range.tokens, tokens)});
    tokens -= first.back().tokens;
  }
  return first;
}

// The row of a sequence's token t, counted with its past.
std::int64_t row_of(const Packing& packing, std::size_t sequence, std::int64_t t) {
  for (const Packing::Range& range : packing.past[sequence]) {
    if (t < range.tokens) return range.begin + t;
    t -= range.tokens;
  }
  return packing.begin[sequence] + t;
}

}  // namespace

Packed pack_rows(std::span<const TrainRow* const> rows, const UnitPlan& unit, Output output, at::Device device) {
  Packed packed;
  packed.output = output;
  const std::int64_t before = output == Output::kLogp ? 1 : 0;  // a token is foretold by the position before it
  Packing& packing = packed.packing;
  std::vector<std::int64_t> ids, scored, target;
  packing.begin.push_back(0);
  for (std::size_t i = 0; i < unit.rows.size(); ++i) {
    const std::size_t index = unit.rows[i];
    const TrainRow& row = *rows[index];
    const Stem& stem = unit.stems[i];
    packing.past.push_back(stem.tokens > 0 ? first_tokens(packing, stem.of, stem.tokens) : Past{});
    ids.insert(ids.end(), row.ids.begin() + stem.tokens, row.ids.end());
    packing.begin.push_back(static_cast<std::int64_t>(ids.size()));
    for (std::size_t t = 1; t < row.ids.size(); ++t) {
      if (row.mask[t] == 0) continue;
      packed.places.push_back({index, t});
      scored.push_back(row_of(packing, i, static_cast<std::int64_t>(t) - before));
      target.push_back(row.ids[t]);
    }
  }
  // Filling is a sequence of its own, so that no row's attention knows of it.
  const std::size_t tokens = ids.size();
  ids.resize(filled(std::max<std::size_t>(tokens, 1)), 0);
  if (ids.size() > tokens) {
    packing.begin.push_back(static_cast<std::int64_t>(ids.size()));
    packing.past.emplace_back();
  }
  scored.resize(filled(scored.size()), 0);
  target.resize(scored.size(), 0);
  for (std::size_t i = 0; i < packing.sequences(); ++i)
    packing.longest = std::max(packing.longest, packing.past_tokens(i) + packing.tokens(i));
  add_device_side(packing, device);
  packed.ids = to_tensor(ids, at::kLong, device);
  packed.scored = to_tensor(scored, at::kLong, device);
  packed.target = to_tensor(target, at::kLong, device);
  return packed;
}

void add_dropout(Packed& packed, std::span<const TrainRow* const> rows, const UnitPlan& unit, double rate,
                 std::uint64_t seed) {
  packed.dropout.rate = rate;
  std::vector<std::uint64_t>& names = packed.dropout.names;
  for (std::size_t i = 0; i < unit.rows.size(); ++i) {
    std::uint64_t name = seed;
    const TrainRow& row = *rows[unit.rows[i]];
    for (std::size_t t = 0; t < row.ids.size(); ++t) {
      name = ipr_mix64(name, static_cast<std::uint64_t>(row.ids[t]));
      if (static_cast<std::int64_t>(t) >= unit.stems[i].tokens) names.push_back(name);
    }
  }
  names.resize(static_cast<std::size_t>(packed.ids.size(0)), 0);  // filling
}

}  // namespace ipr::train
