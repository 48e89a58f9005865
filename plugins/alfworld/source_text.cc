#include "source_text.h"

#include <algorithm>

#include "ipr/plugin.hpp"

namespace alfworld {

void SourceText::fail(std::size_t offset, const std::string& what) const {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  throw ipr::sdk::Failure(IPR_DATA_LOSS, place + ": line " + std::to_string(line) + ", column " +
                                             std::to_string(before.size() - line_start + 1) + ": " + what);
}

}  // namespace alfworld
