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

std::string excerpt(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::size_t end = text.size() <= kLongest ? text.size() : kLongest;
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  std::string quoted("\"");
  quoted += text.substr(0, end);
  quoted += end < text.size() ? "…\"" : "\"";
  return quoted;
}

}  // namespace alfworld
