// The shared folder: real data and goldens, read in place, never copied into the repository.
#pragma once

#include <string>

#include "core/base/json.h"

namespace ipr::test {

// Path of `relative` below $IPR_SHARED (default ../shared beside the checkout); empty, with the reason printed, if
// absent. Use:  const auto file = shared_file("golden/…"); if (file.empty()) return;
[[nodiscard]] std::string shared_file(const std::string& relative);

// SmolLM2's GGUF file, which is no part of the shared folder: $IPR_SMOLLM2_GGUF, else where `--model smollm2` keeps it,
// else unpacked from the wheel below /tmp/smollm2. Empty, with the reason printed, if absent.
[[nodiscard]] std::string smollm2_file();

// A JSON file; `.gz` is unpacked. Throws on a malformed file: a broken golden is a broken test.
[[nodiscard]] Json load_json(const std::string& path);

// A fresh empty folder that is removed with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace ipr::test
