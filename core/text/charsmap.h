// SentencePiece's precompiled character map: rules "these bytes become those", the longest that fits first.
//
// Format (sentencepiece 0.2): the size of a trie in bytes (32 bit, little endian), the trie, and the replacements, each
// ended by a zero byte. The trie is a double array of 32-bit units, as in darts-clone: a unit's low byte is the byte
// that leads to it, bit 8 says that a value hangs below it, and its upper bits say where its children are. The file is
// foreign: every step is checked against the array's end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace ipr::text {

// Immutable and safe to use from many threads at once. Empty: no rules.
class Charsmap {
 public:
  Charsmap() = default;
  // Code::kData (`where: …`) if the blob's parts do not fit together. An empty blob has no rules.
  [[nodiscard]] static Result<Charsmap> read(std::string_view blob, const std::string& where);

  struct Rule {
    std::size_t length;            // bytes of the text
    std::string_view replacement;  // of the map's own
  };
  // The rule of the longest prefix of `text` that has one.
  [[nodiscard]] std::optional<Rule> longest(std::string_view text) const;

  [[nodiscard]] bool empty() const { return units_.empty(); }
  // As it was read.
  [[nodiscard]] const std::string& blob() const { return blob_; }

 private:
  std::string blob_;
  std::vector<std::uint32_t> units_;
  std::size_t replacements_ = 0;  // where in blob_ they begin
};

}  // namespace ipr::text
