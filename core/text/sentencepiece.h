// SentencePiece BPE models: the file `tokenizer.model` (a protocol buffer) and what it says, which a GGUF file of the
// same kind of tokenizer says too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/char_bpe.h"
#include "core/text/normalizer.h"

namespace ipr::text {

struct SentencePieceModel {
  // sentencepiece_model.proto's numbers, and GGUF's.
  enum class Type : std::int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };
  struct Piece {
    std::string text;
    float score = 0;
    Type type = Type::kNormal;
  };
  std::vector<Piece> pieces;  // by id
  bool byte_fallback = false;
  // User-defined pieces are found in the text as it is, and a blank is put behind them (GGUF), not in normalized text.
  bool user_defined_are_added = false;
  std::string unknown_surface = " \xE2\x81\x87 ";  // ` ⁇ `: what an unknown piece decodes to
  std::optional<std::int32_t> bos;                 // the control piece that begins a text
  Charsmap charsmap;
  SentencePieceSpacing spacing;
};

// Reads a tokenizer.model of type BPE and checks it as SentencePiece does: one unknown piece, no piece twice, all 256
// byte pieces or none. Refused by name: other model types, treat_whitespace_as_suffix, a denormalizer, and unused
// pieces that merges could make (a restricted vocabulary). Code::kData: `source: place: what is wrong`. The memory used
// is a small multiple of the file's size.
[[nodiscard]] Result<SentencePieceModel> read_sentencepiece(std::string_view bytes, const std::string& source);

// The same checks for a model that was read from elsewhere.
[[nodiscard]] Status check_sentencepiece(const SentencePieceModel& model, const std::string& source);

// The merges that make the model's pieces: every way to put a piece together from two pieces, or from characters that
// are none (unknown_symbol), ranked by the piece's score. User-defined pieces neither merge nor are made.
[[nodiscard]] std::vector<RankedMerge> sentencepiece_merges(const SentencePieceModel& model);

// The byte that a byte piece (`<0x0A>`) stands for; negative if the text has not that form.
[[nodiscard]] int byte_of_piece(std::string_view text);

}  // namespace ipr::text
