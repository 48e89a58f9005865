// What becomes of a text before it is cut into pieces: the `normalizer` section of a Hugging Face tokenizer.json, and
// SentencePiece's own normalizer.
//
// Supported in a section: Prepend, Replace (String or Regex pattern), NFC, Precompiled and a Sequence of these.
// Anything else is refused by its name. Immutable and safe to use from many threads at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/json.h"
#include "core/text/added_tokens.h"
#include "core/text/charsmap.h"
#include "core/text/place.h"
#include "core/text/regex.h"

namespace ipr::text {

// `▁`: how SentencePiece writes a blank.
inline constexpr std::string_view kBlankSymbol = "\xE2\x96\x81";

// sentencepiece_model.proto's NormalizerSpec, with its defaults.
struct SentencePieceSpacing {
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;  // no blank at either end, one where there are several
  bool escape_whitespaces = true;        // blanks become kBlankSymbol
};

class Normalizer {
 public:
  Normalizer() = default;  // leaves every text as it is
  // Code::kData for what is not supported or malformed; `where` is its place, `file: normalizer`.
  [[nodiscard]] static Result<Normalizer> from_json(const Json& section, const std::string& where);
  // SentencePiece's. `user_defined`: pieces that the map leaves as they are wherever they stand.
  [[nodiscard]] static Normalizer sentencepiece(Charsmap map, SentencePieceSpacing spacing,
                                                std::vector<AddedToken> user_defined);

  // Precondition: `text` is valid UTF-8, or takes_bytes. The result is valid.
  [[nodiscard]] std::string apply(std::string_view text, Place place) const;
  [[nodiscard]] bool empty() const { return steps_.empty(); }
  // SentencePiece's sees bytes that are not UTF-8 itself.
  [[nodiscard]] bool takes_bytes() const;

 private:
  struct Prepend {
    std::string content;
  };
  struct Replace {
    std::optional<Regex> pattern;
    std::string literal;  // what is replaced where there is no pattern; not empty then
    std::string content;
  };
  struct Nfc {};
  struct SentencePiece {
    Charsmap map;
    SentencePieceSpacing spacing;
    AddedTokenFinder user_defined;

    // The text's first character or user-defined piece as the map writes it, and its length in the text.
    [[nodiscard]] Charsmap::Rule next(std::string_view text) const;
  };
  using Step = std::variant<Prepend, Replace, Nfc, Charsmap, SentencePiece>;

  Status add(const Json& section, const std::string& where);
  static Result<Step> read_step(const Json& section, const std::string& where);
  static Result<Step> read_replace(const Json& section, const std::string& where);
  static std::string applied(const Prepend& step, std::string_view text, Place place);
  static std::string applied(const Replace& step, std::string_view text, Place place);
  static std::string applied(const Nfc& step, std::string_view text, Place place);
  static std::string applied(const Charsmap& step, std::string_view text, Place place);
  static std::string applied(const SentencePiece& step, std::string_view text, Place place);

  std::vector<Step> steps_;
};

}  // namespace ipr::text
