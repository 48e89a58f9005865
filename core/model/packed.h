// Weight matrices in the layout that the kernels read: blocks of 16 output columns, [block][k][16], zero-padded.
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
  AlignedFloats values;
  int k = 0;           // inputs
  int blocks = 0;      // of 16 outputs
  AlignedFloats bias;  // one value per output, padding included; of size 0: none

  // Block `first` and what follows.
  [[nodiscard]] const float* block(int first) const {
    return values.data() + static_cast<std::size_t>(first) * static_cast<std::size_t>(k) * kLane;
  }
};

// W[row, i] for row < rows (padded up to 16), i < k; `fill(row, values)` writes a row's k values, which are 0 before.
// Rows come in order, so that they may be expanded one by one.
template <typename Fill>
[[nodiscard]] PackedMatrix pack(int rows, int k, const Fill& fill) {
  const auto width = static_cast<std::size_t>(k);
  PackedMatrix packed{AlignedFloats(static_cast<std::size_t>(padded(rows)) * width), k, padded(rows) / kLane, {}};
  std::vector<float> block(kLane * width);
  float* to = packed.values.data();
  for (int first = 0; first < rows; first += kLane) {
    std::fill(block.begin(), block.end(), 0.0f);
    for (int lane = 0; lane < kLane && first + lane < rows; ++lane)
      fill(first + lane, std::span(block).subspan(static_cast<std::size_t>(lane) * width, width));
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t lane = 0; lane < kLane; ++lane) *to++ = block[lane * width + i];
    }
  }
  return packed;
}

}  // namespace ipr::model
