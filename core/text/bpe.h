// Byte-level byte-pair encoding of one piece of text: each byte is a symbol, then they are merged (merges.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/merges.h"

namespace ipr::text {

// What a vocabulary says of bytes it has no token for.
struct UnknownByte {
  std::int32_t id = -1;  // put in place of such a byte; negative: the byte is left out
  bool fuse = false;     // one id for a run of them
};

// Immutable and safe to use from many threads at once.
class Bpe {
 public:
  // byte_ids: the token of each byte, negative if there is none. tokens: the bytes of each id that merging can make,
  // empty for all others. ignore_merges: a piece that is a token as a whole is that token, whatever the merges would
  // give.
  Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<RankedMerge>& merges,
      const std::vector<std::string>& tokens, bool ignore_merges, UnknownByte unknown);

  // Appends the ids of `piece`, any bytes of any length: O(n log n) time and O(n) memory.
  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  [[nodiscard]] std::vector<std::int32_t> byte_symbols(std::string_view piece) const;

  std::array<std::int32_t, 256> byte_ids_;
  UnknownByte unknown_;
  MergeTable merges_;
  // Pieces whose encoding is known to be this one token: most words of ordinary text. Exact, because encoding depends
  // on nothing but the piece.
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> whole_;
};

}  // namespace ipr::text
