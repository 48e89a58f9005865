// Text as Python sees it.
#pragma once

#include <string_view>

namespace alfworld {

// str.strip(): without the white space of Unicode at both ends. Bytes that are no UTF-8 are no white space.
[[nodiscard]] std::string_view strip(std::string_view text);

}  // namespace alfworld
