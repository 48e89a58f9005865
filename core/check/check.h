// The conformance suite behind `ipr-host plugin check`: what every plugin must do, shown case by case.
//
// Each case runs in a child process with limits on time and memory, so that a plugin that crashes or hangs fails that
// case and no other. Case names are stable. A case that does not apply (no such extension, or named in the quirks file)
// is printed as skipped, never as passed.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/status.h"

namespace ipr::check {

struct CheckOptions {
  std::string only, skip;   // regular expressions over case names; empty: all, none
  std::string quirks_file;  // JSON: {"absent":["expert-reaches-success",…],"reason":"…"}
  std::string data_folder;  // handed to the plugin as --data
  std::uint64_t seed = 0;
  bool in_process = false;
  bool json = false;
};

// Prints one line per case on standard output. Code::kPlugin (exit 4) if a case failed or the library cannot be loaded.
[[nodiscard]] Status check_library(const std::string& path, const CheckOptions& options);

}  // namespace ipr::check
