// Folders that are never half written.
#pragma once

#include <functional>
#include <string>

#include "core/base/status.h"

namespace ipr {

// Makes `folder` as one whole: `fill` puts files into a fresh folder beside it, which is then renamed, so that `folder`
// is always absent or complete, the old one or the new. An existing folder is replaced, with all that is in it. Parents
// are made. An error of `fill` is returned with the path of `folder` for that of the fresh one.
[[nodiscard]] Status write_folder(const std::string& folder,
                                  const std::function<Status(const std::string& fresh)>& fill);

}  // namespace ipr
