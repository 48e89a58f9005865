// Files as texts.
#pragma once

#include <string>

namespace alfworld {

// The bytes of a regular file. Throws sdk::Failure (IPR_DATA_LOSS) naming it.
[[nodiscard]] std::string read_text(const std::string& path);

}  // namespace alfworld
