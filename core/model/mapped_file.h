// A file's bytes in memory without reading them first: a large model's tensors are taken from the page cache.
//
// Move only. The file must not be cut while it is mapped (the system would end the process); nobody changes a model in
// place, and ours are replaced by renaming.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace ipr::model {

class MappedFile {
 public:
  // Code::kData names the path: it cannot be opened, or is no regular file.
  [[nodiscard]] static Result<MappedFile> open(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // Gives the pages of `part`, a piece of bytes(), back to the system, which reads them again when they are asked for.
  // From any threads, also while others read.
  void forget(std::string_view part) const;

 private:
  MappedFile() = default;

  std::string path_;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ipr::model
