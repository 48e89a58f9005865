// A tensor as it lies in a file: where its bytes are and how to read them. Nothing is expanded yet, so that shapes can
// be checked against a config before memory is spent on values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/element_type.h"
#include "core/model/weights.h"

namespace ipr::model {

struct StoredTensor {
  std::string name;
  std::vector<std::int64_t> shape;  // slowest dimension first: [out, in]
  ElementType type = ElementType::kF32;
  std::uint64_t count = 0;      // values
  const char* bytes = nullptr;  // of the file, which must stay mapped
};

// A name that fits an error's line and a folder: not empty, at most 250 bytes, no control characters.
[[nodiscard]] bool is_plain_name(const std::string& name);
// Code::kData shows a tensor's name that is none.
[[nodiscard]] Status check_tensor_name(const std::string& name, const std::string& source);

[[nodiscard]] Tensor expand(const StoredTensor& stored);

// Every value is finite. Code::kData names the tensor and the first value that is not.
[[nodiscard]] Status check_finite(const std::string& name, const Tensor& tensor, const std::string& source);

}  // namespace ipr::model
