// Byte-pair encoding whose first symbols are characters: SentencePiece's, with byte fallback.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/merges.h"

namespace ipr::text {

// What a vocabulary says of characters it has no token for.
struct UnknownChar {
  // The tokens of the 256 bytes such a character is written with; negative where there is none. A character with a byte
  // that has no token becomes `id`.
  std::array<std::int32_t, 256> byte_ids{};
  std::int32_t id = -1;  // negative: the character is left out
  bool fuse = false;     // one id for a run of them
  // Hugging Face looks up a character's bytes before it merges, SentencePiece after: there a character that is no token
  // may still be part of one. Such a character stands in merges as unknown_symbol.
  bool after_merging = false;
};

// The symbol of a character that is no token.
[[nodiscard]] constexpr std::int32_t unknown_symbol(std::uint32_t point) {
  return -1 - static_cast<std::int32_t>(point);
}

// Immutable and safe to use from many threads at once.
class CharBpe {
 public:
  // tokens: by id, as text; empty where there is none. Of two tokens with equal text the first counts. ignore_merges: a
  // piece that is a token as a whole is that token, whatever the merges would give.
  CharBpe(const std::vector<std::string>& tokens, const std::vector<RankedMerge>& merges, const UnknownChar& unknown,
          bool ignore_merges);

  // Appends the ids of `piece`, valid UTF-8 of any length: O(n log n) time and O(n) memory.
  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using TokenIds = std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>>;

  void encode_word(std::string_view word, std::vector<std::int32_t>& ids) const;
  // The tokens of a character's bytes; false, with nothing appended, if one is missing.
  bool append_bytes(std::uint32_t point, std::vector<std::int32_t>& ids) const;
  void append_unknown(std::uint32_t point, std::vector<std::int32_t>& ids, bool& after_unknown) const;
  [[nodiscard]] std::vector<std::int32_t> symbols_of(std::string_view word) const;

  std::unordered_map<std::uint32_t, std::int32_t> char_ids_;
  UnknownChar unknown_;
  MergeTable merges_;
  TokenIds tokens_;  // for ignore_merges only
  // No merge joins a blank with what stands before it, other blanks aside: text can be cut there, which changes no id
  // and keeps the merging short.
  bool cut_at_blanks_ = false;
  // Words whose encoding is known to be this one token. Exact, because encoding depends on nothing but the word.
  TokenIds whole_;
};

}  // namespace ipr::text
