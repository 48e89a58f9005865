#include "core/text/charsmap.h"

namespace ipr::text {
namespace {

constexpr std::size_t kUnit = 4;

std::uint32_t little_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = kUnit; i > 0; --i) value = (value << 8) | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}

// How far a unit's children are from it, to be xor-ed with its own place.
std::uint32_t offset_of(std::uint32_t unit) {
  return (unit >> 10) << ((unit & (1u << 9)) >> 6);
}

std::uint32_t label_of(std::uint32_t unit) {
  return unit & (0x80000000u | 0xFFu);  // a unit that holds a value has the upper bit set and matches no byte
}

bool has_value(std::uint32_t unit) {
  return ((unit >> 8) & 1) != 0;
}

}  // namespace

Result<Charsmap> Charsmap::read(std::string_view blob, const std::string& where) {
  Charsmap map;
  if (blob.empty()) return map;
  if (blob.size() < kUnit) return bad_data(where + ": " + std::to_string(blob.size()) + " bytes are too few");
  const std::size_t trie = little_endian(blob, 0);
  if (trie == 0 || trie % kUnit != 0 || trie > blob.size() - kUnit) {
    return bad_data(where + ": a trie of " + std::to_string(trie) + " bytes in a map of " +
                    std::to_string(blob.size()) + " bytes");
  }
  if (blob.back() != '\0') return bad_data(where + ": the last replacement has no end");
  map.blob_ = std::string(blob);
  map.replacements_ = kUnit + trie;
  map.units_.reserve(trie / kUnit);
  for (std::size_t at = kUnit; at < map.replacements_; at += kUnit) map.units_.push_back(little_endian(blob, at));
  return map;
}

std::optional<Charsmap::Rule> Charsmap::longest(std::string_view text) const {
  if (units_.empty()) return std::nullopt;
  std::optional<Rule> found;
  std::size_t at = offset_of(units_[0]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    at ^= byte;
    if (at >= units_.size()) break;
    const std::uint32_t unit = units_[at];
    if (label_of(unit) != byte) break;
    at ^= offset_of(unit);
    if (!has_value(unit)) continue;
    if (at >= units_.size()) break;
    const std::size_t begin = replacements_ + (units_[at] & 0x7FFFFFFFu);
    if (begin >= blob_.size()) break;
    found = Rule{i + 1, std::string_view(blob_.c_str() + begin)};  // to its zero byte: the blob ends with one
  }
  return found;
}

}  // namespace ipr::text
