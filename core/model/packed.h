// Weight matrices in the layout that the kernels read: blocks of 16 output columns, zero-padded, [block][k][16] in f32
// and [block][k / 2][16][2] in bf16.
//
// Value types that own aligned memory; move only. Large ones ask for huge pages (llm-runtime.md section 4.2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/model/kernels.h"

namespace ipr::model {

// 64-byte aligned floats, zeroed.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(std::size_t size);

  [[nodiscard]] float* data() { return values_.get(); }
  [[nodiscard]] const float* data() const { return values_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Free {
    Free() : mapped_bytes(0) {}
    explicit Free(std::size_t mapped) : mapped_bytes(mapped) {}
    std::size_t mapped_bytes;  // 0: from the heap
    void operator()(float* values) const;
  };
  std::unique_ptr<float[], Free> values_;
  std::size_t size_ = 0;
};

struct PackedMatrix {
  AlignedFloats values;          // memory for floats or, of half the size, bf16
  int k = 0;                     // inputs, in bf16 padded
  int blocks = 0;                // of 16 outputs
  std::size_t block_floats = 0;  // of a block, in floats' sizes
  AlignedFloats bias;            // one value per output, padding included; of size 0: none

  // Block `first` and what follows.
  [[nodiscard]] const void* block(int first) const {
    return values.data() + static_cast<std::size_t>(first) * block_floats;
  }
};

// Inputs of a packed product of k, as the kernels take them.
[[nodiscard]] constexpr int packed_inputs(int k, Width width) {
  return width == Width::kF32 ? k : padded(k, unit(width));
}
// Memory of a packed matrix, without a bias.
[[nodiscard]] constexpr std::size_t packed_floats(int rows, int k, Width width) {
  return static_cast<std::size_t>(padded(rows)) * static_cast<std::size_t>(packed_inputs(k, width)) * bytes_of(width) /
         sizeof(float);
}

// Packs one block, 16 rows of `stride` values each, to the memory `to`.
void pack_block(const float* rows, int k, std::size_t stride, Width width, float* to);

// W[row, i] for row < rows (padded up to 16), i < k; `fill(row, values)` writes a row's k values, which are 0 before.
// Rows come in order, so that they may be expanded one by one.
template <typename Fill>
[[nodiscard]] PackedMatrix pack(int rows, int k, Width width, const Fill& fill) {
  const auto stride = static_cast<std::size_t>(packed_inputs(k, width));
  PackedMatrix packed{AlignedFloats(packed_floats(rows, k, width)),
                      static_cast<int>(stride),
                      padded(rows) / kLane,
                      packed_floats(kLane, k, width),
                      {}};
  std::vector<float> block(kLane * stride);
  float* to = packed.values.data();
  for (int first = 0; first < rows; first += kLane, to += packed.block_floats) {
    std::fill(block.begin(), block.end(), 0.0f);
    for (int lane = 0; lane < kLane && first + lane < rows; ++lane) {
      fill(first + lane,
           std::span(block).subspan(static_cast<std::size_t>(lane) * stride, static_cast<std::size_t>(k)));
    }
    pack_block(block.data(), static_cast<int>(stride), stride, width, to);
  }
  return packed;
}

}  // namespace ipr::model
