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

// The rows of a factor.
struct Rows {
  explicit Rows(const at::Tensor& matrix)
      : data(numbers_of<Bf16>(matrix)), stride(matrix.stride(0)), count(matrix.size(0)) {}
  [[nodiscard]] const Bf16* at(std::int64_t row, std::int64_t column) const { return data + row * stride + column; }

  const Bf16* data;
  std::int64_t stride, count;
};

// A factor as the left side of a product, its rows padded with zeros to whole units.
at::Tensor left_of(const at::Tensor& matrix) {
  const std::int64_t k = matrix.size(1);
  if (k % kUnit == 0) return matrix;
  at::Tensor left = at::empty({matrix.size(0), padded(k)}, matrix.options());
  Bf16* to = numbers_of<Bf16>(left);
  const Rows from(matrix);
  for (std::int64_t r = 0; r < from.count; ++r, to += padded(k)) {
    std::memcpy(to, from.at(r, 0), static_cast<std::size_t>(k) * sizeof(Bf16));
    std::fill(to + k, to + padded(k), Bf16{});
  }
  return left;
}

// Packs a block of 16 outputs, [depth / 2][16][2], of a weight matrix whose rows are outputs.
void pack_rows_of(const Rows& weight, std::int64_t first_output, std::int64_t begin, std::int64_t depth, Bf16* to) {
  for (std::int64_t lane = 0; lane < kLane; ++lane) {
    const Bf16* const from = weight.at(first_output + lane, begin);
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
void pack_columns_of(const Rows& matrix, std::int64_t first_output, std::int64_t begin, std::int64_t depth, Bf16* to) {
  const Bf16 zeros[kLane]{};
  for (std::int64_t i = begin; i < begin + depth; i += 2, to += 2 * kLane) {
    interleave(i < matrix.count ? matrix.at(i, first_output) : zeros,
               i + 1 < matrix.count ? matrix.at(i + 1, first_output) : zeros, to);
  }
}

// y = left times what `pack(first output, begin, depth, to)` packs, for `outputs` outputs, a multiple of 16.
template <typename Pack>
at::Tensor multiply(const at::Tensor& factor, std::int64_t outputs, const Pack& pack) {
  const at::Tensor padded_factor = left_of(factor);
  const Rows left(padded_factor);
  const std::int64_t rows = left.count, k = padded_factor.size(1);
  at::Tensor y = at::empty({rows, outputs}, factor.options().dtype(at::kFloat));
  float* const to = floats(y);
  at::parallel_for(0, outputs / kLane, kBlocks, [&](std::int64_t first_block, std::int64_t last_block) {
    const Cells packed = cells(kBlocks * kLane * std::min(kDepth, k));
    for (std::int64_t block = first_block; block < last_block; block += kBlocks) {
      const std::int64_t blocks = std::min(kBlocks, last_block - block);
      for (std::int64_t begin = 0; begin < k; begin += kDepth) {
        const std::int64_t depth = std::min(kDepth, k - begin);
        for (std::int64_t b = 0; b < blocks; ++b)
          pack((block + b) * kLane, begin, depth, packed.get() + b * kLane * depth);
        kernels().matmul(left.at(0, begin), static_cast<std::size_t>(left.stride), static_cast<int>(rows), packed.get(),
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
void turn_panel(const Rows& matrix, std::int64_t first, std::int64_t count, Bf16* to, std::int64_t stride) {
  const Bf16 zeros[kPanel]{};
  for (std::int64_t begin = 0; begin < stride; begin += 8) {
    const Bf16* rows[8];
    for (std::int64_t i = 0; i < 8; ++i) rows[i] = begin + i < matrix.count ? matrix.at(begin + i, first) : zeros;
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
  return rounded(x).to(at::kFloat);
}

}  // namespace

at::Tensor rounded(const at::Tensor& x) {
  if (x.scalar_type() == at::kBFloat16) return x;
  const std::int64_t columns = x.size(1), stride = x.stride(0);
  if (!in_blocks(columns)) return x.to(at::kBFloat16);
  at::Tensor y = at::empty(x.sizes(), x.options().dtype(at::kBFloat16));
  const float* const from = floats(x);
  Bf16* const to = numbers_of<Bf16>(y);
  each_part(x.size(0), [&](std::int64_t, std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r)
      kernels().to_cells(from + r * stride, static_cast<int>(columns), to + r * columns);
  });
  return y;
}

at::Tensor rounded_product(const at::Tensor& x, const at::Tensor& weight) {
  if (weight.size(1) % kUnit != 0 || !in_blocks(weight.size(0))) return at::mm(plain(x), plain(weight).t());
  const at::Tensor matrix = rounded(weight);
  const Rows rows(matrix);
  return multiply(rounded(x), weight.size(0),
                  [&](std::int64_t output, std::int64_t begin, std::int64_t depth, Bf16* to) {
                    pack_rows_of(rows, output, begin, depth, to);
                  });
}

at::Tensor rounded_input_gradient(const at::Tensor& d_y, const at::Tensor& weight) {
  if (!in_blocks(weight.size(1))) return at::mm(plain(d_y), plain(weight));
  const at::Tensor matrix = rounded(weight);
  const Rows rows(matrix);
  return multiply(rounded(d_y), weight.size(1),
                  [&](std::int64_t output, std::int64_t begin, std::int64_t depth, Bf16* to) {
                    pack_columns_of(rows, output, begin, depth, to);
                  });
}

void add_rounded_weight_gradient(at::Tensor& gradient, const at::Tensor& d_y, const at::Tensor& x) {
  const std::int64_t outputs = d_y.size(1), inputs = x.size(1), k = padded(x.size(0));
  if (!in_blocks(outputs) || !in_blocks(inputs)) {
    gradient.addmm_(plain(d_y).t(), plain(x));
    return;
  }
  const at::Tensor left_factor = rounded(d_y), right_factor = rounded(x);
  const Rows left(left_factor), right(right_factor);
  const Cells packed = cells(k * inputs);
  const std::int64_t blocks = inputs / kLane;
  at::parallel_for(0, blocks, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t block = first; block < last; ++block)
      pack_columns_of(right, block * kLane, 0, k, packed.get() + block * kLane * k);
  });
  float* const to = floats(gradient);
  at::parallel_for(0, (outputs + kPanel - 1) / kPanel, 1, [&](std::int64_t first, std::int64_t last) {
    const Cells panel = cells(kPanel * k);
    for (std::int64_t row = first * kPanel; row < std::min(outputs, last * kPanel); row += kPanel) {
      const std::int64_t count = std::min(kPanel, outputs - row);
      turn_panel(left, row, count, panel.get(), k);
      kernels().matmul(panel.get(), static_cast<std::size_t>(k), static_cast<int>(count), packed.get(),
                       static_cast<int>(k), static_cast<int>(blocks), to + row * gradient.stride(0),
                       static_cast<std::size_t>(gradient.stride(0)), true);
    }
  });
}

}  // namespace ipr::train
