// Hugging Face's safetensors files: 8 bytes header length (little-endian), a JSON header, then the tensors' bytes.
//
// Reading trusts nothing: header length, offsets, overlaps, holes, element types and sizes are checked, and each fault
// is one Code::kData error that names the file and the tensor. Host byte order must be little-endian.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/mapped_file.h"
#include "core/model/stored_tensor.h"
#include "core/model/weights.h"

namespace ipr::model {

struct SafetensorsFile {
  std::shared_ptr<const MappedFile> file;
  std::vector<StoredTensor> tensors;  // in the order of their bytes
};

// F32, F16 and BF16 are read.
[[nodiscard]] Result<SafetensorsFile> open_safetensors(const std::string& path);

// A model split over files: `path` is model.safetensors.index.json, whose "weight_map" names each tensor's file beside
// it.
[[nodiscard]] Result<std::vector<SafetensorsFile>> open_sharded_safetensors(const std::string& path);

// All tensors of one file as f32.
[[nodiscard]] Result<std::map<std::string, Tensor>> read_safetensors(const std::string& path);

// Writes the tensors as they are in map order, the same bytes for equal tensors. Never half visible: temporary file,
// fsync, rename.
[[nodiscard]] Status write_safetensors(const std::string& path, const std::map<std::string, Tensor>& tensors);

}  // namespace ipr::model
