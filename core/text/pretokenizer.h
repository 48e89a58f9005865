// Cuts text into pieces that BPE never merges across: the `pre_tokenizer` section of a Hugging Face tokenizer.json.
//
// Supported: Split (Regex or String pattern, every behavior, invert), Digits, ByteLevel (the GPT-2 pattern, or none) as
// the last, Metaspace as the first, a Sequence of these, and none at all. Anything else is refused by its name. A later
// stage sees each piece of the earlier one alone: with Digits first, the two blanks of `x  12` stay one piece, as at
// the end of a text. Immutable and safe to use from many threads at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/text/normalizer.h"
#include "core/text/regex.h"

namespace ipr::text {

class PreTokenizer {
 public:
  // Code::kData for what is not supported or malformed; `where` is its place, `file: pre_tokenizer`.
  [[nodiscard]] static Result<PreTokenizer> from_json(const Json& section, const std::string& where);

  // Metaspace's part, which comes first: blanks become its symbol, and one is put in front where the section and the
  // text's place say so.
  [[nodiscard]] std::string rewrite(std::string_view text, Place place) const;
  [[nodiscard]] bool rewrites() const { return metaspace_.has_value(); }
  // Appends the pieces of `text`, as rewritten, in order, as views into it; none is empty. Precondition: `text` is
  // valid UTF-8.
  void split(std::string_view text, std::vector<std::string_view>& pieces) const;
  // Whether it ends with ByteLevel: the pieces are meant as bytes, not as characters.
  [[nodiscard]] bool byte_level() const { return byte_level_; }

 private:
  // What becomes of a match; Hugging Face's names.
  enum class Behavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };
  struct Stage {
    Regex pattern;
    Behavior behavior;
    bool invert;  // the text between the matches counts as matched
  };

  enum class Prefix { kNever, kFirst, kAlways };  // which parts of a text get a symbol in front
  struct Metaspace {
    std::string symbol;
    Prefix prefix;
  };

  Status add_metaspace(const Json& section, const std::string& where);
  static Result<Stage> read_stage(const Json& section, const std::string& where);
  static Result<Stage> read_split(const Json& section, const std::string& where);
  Status add(const Json& section, const std::string& where, bool last);
  // Whether a part of the text belongs to the piece before it.
  static bool joins(Behavior behavior, bool previous_matched, bool matched);
  static void cut(const Stage& stage, std::string_view text, std::vector<std::string_view>& pieces);

  std::optional<Metaspace> metaspace_;
  std::vector<Stage> stages_;
  bool byte_level_ = false;
};

// The section of a new tokenizer: decimal digits (and every other character of category N) alone, then GPT-2's split.
[[nodiscard]] Json gpt2_digits_section();

// The section `mix`: a blank goes with the following word or number, a run of punctuation with its inner blanks is one
// piece, and there is no rule for contractions (GPT-2's would cut `'red'` into `'re` and `d`).
[[nodiscard]] Json mix_section();

}  // namespace ipr::text
