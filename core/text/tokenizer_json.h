// The contents of a Hugging Face tokenizer.json, read with every check and written from a trained vocabulary.
//
// What a file asks for and we do not do is refused by its name, never passed over: ids must equal those of Hugging
// Face.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/text/added_tokens.h"
#include "core/text/bpe.h"
#include "core/text/pretokenizer.h"

namespace ipr::text {

struct TokenizerFile {
  std::vector<std::string> tokens;  // by id, as written (byte alphabet); empty where no token has that id
  std::vector<AddedToken> added;    // also in `tokens`, with their plain text
  std::vector<Merge> merges;        // by rank
  bool ignore_merges = false;
  UnknownByte unknown;
  PreTokenizer pre_tokenizer;
};

// Supported: model BPE (merges as "a b" or ["a", "b"], ignore_merges, unk_token), pre-tokenizers as in pretokenizer.h,
// decoder ByteLevel, added tokens without single_word, lstrip and rstrip, no normalizer. `post_processor`, `truncation`
// and `padding` act on Hugging Face's whole inputs only (its BOS, its batches) and change no id here. Ids must be below
// 2^21. Code::kData: `source: place: what is wrong`.
[[nodiscard]] Result<TokenizerFile> read_tokenizer_json(const Json& json, const std::string& source);

// A new byte-level BPE file. `added` has ids 0, 1, …; byte_ids and merges as in bpe_train.h; the ids together have no
// gap.
[[nodiscard]] Json write_tokenizer_json(const std::vector<AddedToken>& added,
                                        const std::array<std::int32_t, 256>& byte_ids, const std::vector<Merge>& merges,
                                        const Json& pre_tokenizer);

}  // namespace ipr::text
