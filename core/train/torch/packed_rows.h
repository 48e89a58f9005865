// Training rows one behind the other, as tensors: what one forward takes.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "core/train/backend.h"
#include "core/train/torch/attention.h"
#include "core/train/torch/dropout.h"
#include "core/train/units.h"

namespace ipr::train {

// Rows that run together, with the positions that give an output: whose next token is scored, or whose hidden state has
// a value. Tokens are filled up to a multiple of 16 by a last sequence of their own.
struct Packed {
  Output output = Output::kLogp;
  Packing packing;
  at::Tensor ids;     // int64 [tokens]
  at::Tensor scored;  // int64 [n]: positions; a multiple of 16, filled up with position 0
  at::Tensor target;  // int64 [n]: what a log-prob is of
  // Entry i is of token `token` of row `row` of the list that was packed; filling has none.
  struct Place {
    std::size_t row = 0, token = 0;
  };
  std::vector<Place> places;
  Dropout dropout;
};

// An output for each token t whose mask is not 0, t >= 1.
[[nodiscard]] Packed pack_rows(std::span<const TrainRow* const> rows, const UnitPlan& unit, Output output,
                               at::Device device);

// Turns dropout on: names the unit's packed tokens.
void add_dropout(Packed& packed, std::span<const TrainRow* const> rows, const UnitPlan& unit, double rate,
                 std::uint64_t seed);

}  // namespace ipr::train
