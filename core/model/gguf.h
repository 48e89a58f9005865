// GGUF files, versions 2 and 3: keys with values, then tensors, of which nothing is copied until it is asked for.
//
// Layout (little-endian): "GGUF", version, number of tensors, number of keys; each key a text, a type number and a
// value; each tensor a name, its dimensions fastest first, a type number and an offset; then, aligned, the data.
// Opening trusts nothing: each fault is one Code::kData error that names the file and the key, tensor or byte.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/model/mapped_file.h"
#include "core/model/stored_tensor.h"

namespace ipr::model {

class GgufFile {
 public:
  [[nodiscard]] static Result<GgufFile> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return file_.path(); }
  // In the order of the file; shapes slowest dimension first, like everywhere here.
  [[nodiscard]] const std::vector<StoredTensor>& tensors() const { return tensors_; }
  [[nodiscard]] const StoredTensor* tensor(std::string_view name) const;

  // The value of a key; nothing if the file has no such key, Code::kData if it is of another type.
  [[nodiscard]] Result<std::optional<std::int64_t>> integer(const std::string& key) const;
  [[nodiscard]] Result<std::optional<double>> number(const std::string& key) const;
  [[nodiscard]] Result<std::optional<bool>> flag(const std::string& key) const;
  [[nodiscard]] Result<std::optional<std::string>> text(const std::string& key) const;
  // Lists; empty if the file has no such key.
  [[nodiscard]] Result<std::vector<std::int64_t>> integers(const std::string& key) const;
  [[nodiscard]] Result<std::vector<float>> numbers(const std::string& key) const;
  [[nodiscard]] Result<std::vector<std::string>> texts(const std::string& key) const;

 private:
  // A value in place. Of a list: its elements' type, their number and bytes.
  struct Value {
    std::uint32_t type = 0;
    bool list = false;
    std::uint64_t count = 1;
    std::string_view bytes;
  };
  class Parser;

  explicit GgufFile(MappedFile file) : file_(std::move(file)) {}
  [[nodiscard]] Result<const Value*> find(const std::string& key, bool list, const char* expected,
                                          bool (*fits)(std::uint32_t type)) const;

  MappedFile file_;
  std::map<std::string, Value, std::less<>> values_;
  std::vector<StoredTensor> tensors_;
};

}  // namespace ipr::model
