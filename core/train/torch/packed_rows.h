// Training rows one behind the other, as tensors: what one forward takes.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "core/train/backend.h"
#include "core/train/rows.h"
#include "core/train/torch/attention.h"

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
};

// An output for each token t whose mask is not 0, t >= 1. `indices` names the rows to take.
[[nodiscard]] Packed pack_rows(std::span<const TrainRow* const> rows, std::span<const std::size_t> indices,
                               Output output, at::Device device);

}  // namespace ipr::train
