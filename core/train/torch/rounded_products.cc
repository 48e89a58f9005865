#include "core/train/torch/rounded_products.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/model/kernels.h"
#include "core/train/torch/row_parts.h"

namespace ipr::train {
namespace {

constexpr std::int64_t kLane = model::kLane;
constexpr std::int64_t kUnit = model::unit(model::Width::kBf16);
// Packed blocks that all rows meet before the next ones are packed, and how much of them: some ten KB, for the caches.
constexpr std::int64_t kBlocks = 4, kDepth = 512;
// Rows of a gradient whose factor is turned over at once.
constexpr std::int64_t kPanel = 144;

std::int64_t padded(std::int64_t size) {
  return (size + kUnit - 1) / kUnit * kUnit;
}

using Cells = std::unique_ptr<Bf16[]>;

Cells cells(std::int64_t count) {
  return std::make_unique_for_overwrite<Bf16[]>(static_cast<std::size_t>(count));
}

const model::Kernels& kernels() {
  static const model::Kernels& best = model::best_kernels(model::Width::kBf16);
  return best;
}

// A factor's numbers in bf16, as they are or rounded.
class Factor {
 public:
  explicit Factor(const at::Tensor& matrix)
      : data_(matrix.const_data_ptr()), stride_(matrix.stride(0)), rounds_(matrix.scalar_type() == at::kFloat) {}

  // `count` numbers of a row, a multiple of 16: in the matrix or, rounded, in `scratch`.
  const Bf16* read(std::int64_t row, std::int64_t first, std::int64_t count, Bf16* scratch) const {
    const std::int64_t at = row * stride_ + first;
    if (!rounds_) return static_cast<const Bf16*>(data_) + at;
    kernels().to_cells(static_cast<const float*>(data_) + at, static_cast<int>(count), scratch);
    return scratch;
  }
  [[nodiscard]] bool rounds() const { return rounds_; }
  [[nodiscard]] std::int64_t stride() const { return stride_; }

 private:
  const void* data_;
  std::int64_t stride_;
  bool rounds_;
};

// Rows of k numbers as the left side of a product, padded with zeros.
struct Left {
  const Bf16* rows = nullptr;
  std::int64_t stride = 0;
  Cells own;  // empty: the rows are the matrix
};

Left left_of(const at::Tensor& matrix) {
  const Factor factor(matrix);
  const std::int64_t count = matrix.size(0), k = matrix.size(1);
  if (!factor.rounds() && k % kUnit == 0) return {factor.read(0, 0, k, nullptr), factor.stride(), nullptr};
  Left left{nullptr, padded(k), cells(count * padded(k))};
  left.rows = left.own.get();
  each_part(count, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      Bf16* const to = left.own.get() + r * left.stride;
      const Bf16* const from = factor.read(r, 0, k, to);
      if (from != to) std::memcpy(to, from, static_cast<std::size_t>(k) * sizeof(Bf16));
      std::fill(to + k, to + left.stride, Bf16{});
    }
  });
  return left;
}

// Packs a block of 16 outputs, [depth / 2][16][2], of a weight matrix whose rows are outputs.
void pack_rows_of(const Factor& weight, std::int64_t first_output, std::int64_t begin, std::int64_t depth, Bf16* to) {
  Bf16 scratch[kDepth];
  for (std::int64_t lane = 0; lane < kLane; ++lane) {
    const Bf16* const from = weight.read(first_output + lane, begin, depth, scratch);
    for (std::int64_t i = 0; i < depth; i += 2) std::memcpy(to + i * kLane + 2 * lane, from + i, 2 * sizeof(Bf16));
  }
}

void interleave(const Bf16* even, const Bf16* odd, Bf16* to) {
  for (std::int64_t lane = 0; lane < kLane; ++lane) {
    to[2 * lane] = even[lane];
    to[2 * lane + 1] = odd[lane];
  }
}

// The same of a matrix whose columns are outputs; rows behind the last are zeros.
void pack_columns_of(const Factor& matrix, std::int64_t rows, std::int64_t first_output, std::int64_t begin,
                     std::int64_t depth, Bf16* to) {
  Bf16 scratch[2][kLane];
  const Bf16 zeros[kLane]{};
  for (std::int64_t i = begin; i < begin + depth; i += 2, to += 2 * kLane) {
    const Bf16* const even = i < rows ? matrix.read(i, first_output, kLane, scratch[0]) : zeros;
    interleave(even, i + 1 < rows ? matrix.read(i + 1, first_output, kLane, scratch[1]) : zeros, to);
  }
}

// y = left times what `pack(first output, begin, depth, to)` packs, for `outputs` outputs, a multiple of 16.
template <typename Pack>
at::Tensor multiply(const at::Tensor& left_matrix, std::int64_t outputs, const Pack& pack) {
  const std::int64_t rows = left_matrix.size(0), k = padded(left_matrix.size(1));
  const Left left = left_of(left_matrix);
  at::Tensor y = at::empty({rows, outputs}, left_matrix.options().dtype(at::kFloat));
  float* const to = floats(y);
  at::parallel_for(0, outputs / kLane, kBlocks, [&](std::int64_t first_block, std::int64_t last_block) {
    const Cells packed = cells(kBlocks * kLane * std::min(kDepth, k));
    for (std::int64_t block = first_block; block < last_block; block += kBlocks) {
      const std::int64_t blocks = std::min(kBlocks, last_block - block);
      for (std::int64_t begin = 0; begin < k; begin += kDepth) {
        const std::int64_t depth = std::min(kDepth, k - begin);
        for (std::int64_t b = 0; b < blocks; ++b)
          pack((block + b) * kLane, begin, depth, packed.get() + b * kLane * depth);
        kernels().matmul(left.rows + begin, static_cast<std::size_t>(left.stride), static_cast<int>(rows), packed.get(),
                         static_cast<int>(depth), static_cast<int>(blocks), to + block * kLane,
                         static_cast<std::size_t>(outputs), begin > 0);
      }
    }
  });
  return y;
}

using Pair = std::uint32_t;
using Pairs = Pair __attribute__((vector_size(16)));

// The pairs of tokens (rows of a matrix) of 16 columns, [16][8], from 8 tokens.
void turn(const Bf16* const (&tokens)[8], Bf16* to, std::int64_t stride) {
  Bf16 pairs[4][2 * kLane];
  for (int p = 0; p < 4; ++p) interleave(tokens[2 * p], tokens[2 * p + 1], pairs[p]);
  for (std::int64_t lane = 0; lane < kLane; lane += 4) {
    Pairs from[4];
    for (int p = 0; p < 4; ++p) std::memcpy(&from[p], pairs[p] + 2 * lane, sizeof(Pairs));
    const Pairs low[2] = {__builtin_shuffle(from[0], from[1], Pairs{0, 4, 1, 5}),
                          __builtin_shuffle(from[2], from[3], Pairs{0, 4, 1, 5})};
    const Pairs high[2] = {__builtin_shuffle(from[0], from[1], Pairs{2, 6, 3, 7}),
                           __builtin_shuffle(from[2], from[3], Pairs{2, 6, 3, 7})};
    const Pairs turned[4] = {
        __builtin_shuffle(low[0], low[1], Pairs{0, 1, 4, 5}), __builtin_shuffle(low[0], low[1], Pairs{2, 3, 6, 7}),
        __builtin_shuffle(high[0], high[1], Pairs{0, 1, 4, 5}), __builtin_shuffle(high[0], high[1], Pairs{2, 3, 6, 7})};
    for (int i = 0; i < 4; ++i) std::memcpy(to + (lane + i) * stride, &turned[i], sizeof(Pairs));
  }
}

// Columns [first, first + count) of `matrix` as rows of numbers `stride` apart, zeros behind the last.
void turn_panel(const Factor& matrix, std::int64_t tokens, std::int64_t first, std::int64_t count, Bf16* to,
                std::int64_t stride) {
  Bf16 scratch[8][kPanel];
  const Bf16 zeros[kPanel]{};
  for (std::int64_t begin = 0; begin < stride; begin += 8) {
    const Bf16* rows[8];
    for (std::int64_t i = 0; i < 8; ++i)
      rows[i] = begin + i < tokens ? matrix.read(begin + i, first, count, scratch[i]) : zeros;
    for (std::int64_t lane = 0; lane < count; lane += kLane) {
      turn(rows, to + lane * stride + begin, stride);
      for (const Bf16*& row : rows) row += kLane;
    }
  }
}

bool in_blocks(std::int64_t size) {
  return size % kLane == 0;
}
at::Tensor plain(const at::Tensor& x) {
  return x.to(at::kBFloat16).to(at::kFloat);
}

}  // namespace

at::Tensor rounded_product(const at::Tensor& x, const at::Tensor& weight) {
  const std::int64_t k = weight.size(1);
  if (k % kUnit != 0 || !in_blocks(weight.size(0))) return at::mm(plain(x), plain(weight).t());
  const Factor factor(weight);
  return multiply(x, weight.size(0), [&](std::int64_t output, std::int64_t begin, std::int64_t depth, Bf16* to) {
    pack_rows_of(factor, output, begin, depth, to);
  });
}

at::Tensor rounded_input_gradient(const at::Tensor& d_y, const at::Tensor& weight) {
  if (!in_blocks(weight.size(0)) || !in_blocks(weight.size(1))) return at::mm(plain(d_y), plain(weight));
  const Factor factor(weight);
  return multiply(d_y, weight.size(1), [&](std::int64_t output, std::int64_t begin, std::int64_t depth, Bf16* to) {
    pack_columns_of(factor, weight.size(0), output, begin, depth, to);
  });
}

void add_rounded_weight_gradient(at::Tensor& gradient, const at::Tensor& d_y, const at::Tensor& x) {
  const std::int64_t rows = d_y.size(1), outputs = x.size(1), tokens = x.size(0), k = padded(tokens);
  if (!in_blocks(rows) || !in_blocks(outputs)) {
    gradient.addmm_(plain(d_y).t(), plain(x));
    return;
  }
  const Factor left(d_y), right(x);
  const Cells packed = cells(k * outputs);
  const std::int64_t blocks = outputs / kLane;
  at::parallel_for(0, blocks, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t block = first; block < last; ++block)
      pack_columns_of(right, tokens, block * kLane, 0, k, packed.get() + block * kLane * k);
  });
  float* const to = floats(gradient);
  at::parallel_for(0, (rows + kPanel - 1) / kPanel, 1, [&](std::int64_t first, std::int64_t last) {
    const Cells panel = cells(kPanel * k);
    for (std::int64_t row = first * kPanel; row < std::min(rows, last * kPanel); row += kPanel) {
      const std::int64_t count = std::min(kPanel, rows - row);
      turn_panel(left, tokens, row, count, panel.get(), k);
      kernels().matmul(panel.get(), static_cast<std::size_t>(k), static_cast<int>(count), packed.get(),
                       static_cast<int>(k), static_cast<int>(blocks), to + row * gradient.stride(0),
                       static_cast<std::size_t>(gradient.stride(0)), true);
    }
  });
}

}  // namespace ipr::train
