// ipr/batch.hpp: reading an ipr_batch from C++. Header only; for optimizers.
//
//   const Matrix<const float> logp(*batch.logp);
//   const Matrix<float> gradient(*batch.d_logp);
//   gradient.at(row, token) -= weight / total(batch, tag, IPR_ROLE_PLAIN).tokens;
//
// The views own nothing and live as long as the batch, which is as long as the call of `loss`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ipr/plugin.hpp"

namespace ipr::sdk {

// A [rows, columns] tensor in CPU memory; strides and byte offset are honoured. T: float, const float or const int32_t.
// Throws Failure if the tensor is something else: the host broke the contract.
template <typename T>
class Matrix {
 public:
  explicit Matrix(const ipr_tensor& tensor) {
    constexpr bool kFloat = std::is_same_v<std::remove_const_t<T>, float>;
    if (tensor.ndim != 2 || tensor.type_code != (kFloat ? 2 : 0) || tensor.type_bits != 32 || tensor.device_type != 1) {
      throw Failure(IPR_INVALID_ARGUMENT, kFloat ? "batch: expected a float32 matrix in CPU memory"
                                                 : "batch: expected an int32 matrix in CPU memory");
    }
    start_ = reinterpret_cast<T*>(static_cast<char*>(tensor.data) + tensor.byte_offset);
    rows_ = static_cast<std::size_t>(tensor.shape[0]);
    columns_ = static_cast<std::size_t>(tensor.shape[1]);
    row_stride_ = tensor.strides != nullptr ? tensor.strides[0] : tensor.shape[1];
    column_stride_ = tensor.strides != nullptr ? tensor.strides[1] : 1;
  }

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  // Unchecked: row < rows(), column < columns().
  [[nodiscard]] T& at(std::size_t row, std::size_t column) const {
    return start_[static_cast<std::ptrdiff_t>(row) * row_stride_ +
                  static_cast<std::ptrdiff_t>(column) * column_stride_];
  }

 private:
  T* start_ = nullptr;
  std::size_t rows_ = 0, columns_ = 0;
  std::ptrdiff_t row_stride_ = 0, column_stride_ = 0;
};

// What the WHOLE optimizer step holds of one (tag, role); zeros where it holds none. Dividing by these, never by what
// one call sees, makes a loss independent of how the host cuts the step into micro-batches.
inline ipr_total total(const ipr_batch& batch, std::uint32_t tag, std::uint32_t role) {
  const std::size_t entry = static_cast<std::size_t>(tag) * 3 + role;
  return entry < batch.total_count ? batch.totals[entry] : ipr_total{};
}

}  // namespace ipr::sdk
