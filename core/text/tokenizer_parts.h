// What a tokenizer consists of, whatever kind of file says so: read from tokenizer.json (tokenizer_json.h) or from a
// SentencePiece model (sentencepiece_tokenizer.h), and made into a Tokenizer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/added_tokens.h"
#include "core/text/char_bpe.h"
#include "core/text/merges.h"
#include "core/text/normalizer.h"
#include "core/text/pretokenizer.h"

namespace ipr::text {

struct TokenizerParts {
  // By id, all of one size.
  std::vector<std::string> tokens;  // as written; empty where no token has that id
  std::vector<bool> in_vocabulary;  // the model's own: text can be cut into it, merges can make it
  std::vector<std::string> bytes;   // what it decodes to
  std::vector<bool> hidden;         // a control token: left out of decoded text
  std::vector<bool> blank_first;    // begins with a blank that may be the dummy prefix

  // The start of a decoded text: one blank is left out there, or one of each token until there is text.
  enum class FirstBlank { kKept, kLeftOut, kLeftOutUntilText } first_blank = FirstBlank::kKept;

  std::vector<AddedToken> added;   // also in `tokens`, with their plain text
  std::vector<AddedToken> frozen;  // tokens of the vocabulary that are found in normalized text and never merged
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;

  bool byte_level = true;  // the first symbols are bytes; characters otherwise
  std::vector<RankedMerge> merges;
  bool ignore_merges = false;
  UnknownChar unknown;

  std::vector<std::int32_t> prefix_ids;  // what the file puts in front of a whole text: its BOS, or nothing
};

}  // namespace ipr::text
