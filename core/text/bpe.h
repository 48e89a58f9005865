// Byte-pair encoding of one piece of text (Sennrich et al. 2016): the known pair of the lowest rank is merged, leftmost
// first, until no known pair is left.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ipr::text {

// One rule of the list; its index there is its rank, the smaller the earlier.
struct Merge {
  std::int32_t left = 0;
  std::int32_t right = 0;
  std::int32_t merged = 0;
};

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
  Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<Merge>& merges,
      const std::vector<std::string>& tokens, bool ignore_merges, UnknownByte unknown);

  // Appends the ids of `piece`, any bytes of any length: O(n log n) time and O(n) memory.
  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;

 private:
  struct Rule {
    std::uint64_t pair;  // left in the upper half, right in the lower
    std::uint32_t rank;  // kNoRank: this slot is free
    std::int32_t merged;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  [[nodiscard]] const Rule* find(std::int32_t left, std::int32_t right) const;
  void add_rule(const Merge& merge, std::uint32_t rank);
  [[nodiscard]] std::vector<std::int32_t> byte_symbols(std::string_view piece) const;
  void merge_short(std::vector<std::int32_t>& symbols) const;
  void merge_long(std::vector<std::int32_t>& symbols) const;

  std::array<std::int32_t, 256> byte_ids_;
  UnknownByte unknown_;
  std::vector<Rule> rules_;  // open addressing, a power of two, at most half full
  // Pieces whose encoding is known to be this one token: most words of ordinary text. Exact, because encoding depends
  // on nothing but the piece.
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> whole_;
};

}  // namespace ipr::text
