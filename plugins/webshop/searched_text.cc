#include "searched_text.h"

#include <cstdint>

namespace webshop {
namespace {

constexpr char kBetween = '\xFF';

// The place in the table of the three bytes from `at` on.
std::size_t mark(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(text[at + i])}; };
  return ((byte(0) | byte(1) << 8 | byte(2) << 16) * UINT32_C(0x9E3779B1)) >> 20;
}

}  // namespace

SearchedText::SearchedText(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) all_.append(text).push_back(kBetween);
  for (std::size_t i = 0; i + 3 <= all_.size(); ++i) triples_.set(mark(all_, i));
}

bool SearchedText::contains(std::string_view part) const {
  for (std::size_t i = 0; i + 3 <= part.size(); ++i) {
    if (!triples_.test(mark(part, i))) return false;
  }
  return all_.find(part) != std::string::npos;
}

}  // namespace webshop
