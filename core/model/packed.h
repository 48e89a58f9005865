// Weight matrices in the layout that the kernels read: blocks of 16 output columns, [block][k][16], zero-padded.
//
// Value types that own aligned memory; move only. Large ones ask for huge pages (llm-runtime.md section 4.2).
#pragma once

#include <cstddef>
#include <memory>

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

// W[row, i] for row < rows (padded up to 16), i < k; `at(row, i)` gives the value.
template <typename At>
[[nodiscard]] PackedMatrix pack(int rows, int k, const At& at) {
  PackedMatrix packed{
      AlignedFloats(static_cast<std::size_t>(padded(rows)) * static_cast<std::size_t>(k)), k, padded(rows) / kLane, {}};
  for (int row = 0; row < rows; ++row) {
    float* to = packed.values.data() + static_cast<std::size_t>(row / kLane) * static_cast<std::size_t>(k) * kLane +
                row % kLane;
    for (int i = 0; i < k; ++i) to[static_cast<std::size_t>(i) * kLane] = at(row, i);
  }
  return packed;
}

}  // namespace ipr::model
