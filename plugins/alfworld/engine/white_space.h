// White space around a command, as Python's str.strip() sees it.
#pragma once

#include <string_view>

namespace alfworld::engine {

[[nodiscard]] std::string_view stripped(std::string_view text);

}  // namespace alfworld::engine
