// Files that are never half written, and where the program finds its own.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace ipr {

// Whole contents. Code::kData if it cannot be opened or read.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

// Replaces `path` in one step: temporary file beside it, fsync, rename, fsync of the folder. On failure the old file is
// untouched and the temporary one removed. Code::kFailed names the path and the system's reason.
[[nodiscard]] Status write_file(const std::string& path, std::string_view contents);
// The same with contents in pieces, so that large ones need not be copied together first.
[[nodiscard]] Status write_file_parts(const std::string& path, std::span<const std::string_view> parts);

// Makes a folder and its parents; ok if it is there already.
[[nodiscard]] Status make_folder(const std::string& path);

// Whether something can be made at `path`, tried with a file that is removed again: to be asked before long work whose
// result goes there. The nearest folder above `path` that exists is tried.
[[nodiscard]] Status check_can_make(const std::string& path);

// The folder of the running program, symbolic links resolved: the anchor of the relocatable installation.
[[nodiscard]] std::string program_folder();

// $XDG_CACHE_HOME/ipr-host or ~/.cache/ipr-host.
[[nodiscard]] std::string cache_folder();

}  // namespace ipr
