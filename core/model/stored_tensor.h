// A tensor as it lies in a file: where its bytes are and how to read them. Nothing is expanded yet, so that shapes can
// be checked against a config before memory is spent on values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/element_type.h"
#include "core/model/mapped_file.h"
#include "core/model/tensor.h"

namespace ipr::model {

struct StoredTensor {
  std::string name;
  std::vector<std::int64_t> shape;  // slowest dimension first: [out, in]
  ElementType type = ElementType::kF32;
  std::uint64_t count = 0;      // values
  const char* bytes = nullptr;  // of the file, which must stay mapped
};

[[nodiscard]] std::size_t bytes_of(const StoredTensor& stored);

// A name that fits an error's line and a folder: not empty, at most 250 bytes, no control characters.
[[nodiscard]] bool is_plain_name(const std::string& name);
// Code::kData shows a tensor's name that is none.
[[nodiscard]] Status check_tensor_name(const std::string& name, const std::string& source);

// As f32.
[[nodiscard]] Tensor expand(const StoredTensor& stored);
// In the memory of `file`, which is kept alive, where that is f32, f16 or bf16 (and lies as such numbers must in
// memory); else expanded.
[[nodiscard]] Tensor keep(const StoredTensor& stored, std::shared_ptr<const MappedFile> file);

// Every value is finite. Code::kData names the tensor and the first value that is not.
[[nodiscard]] Status check_finite(const std::string& name, const Tensor& tensor, const std::string& source);

}  // namespace ipr::model
