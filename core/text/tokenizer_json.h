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
#include "core/text/tokenizer_parts.h"

namespace ipr::text {

// Supported: model BPE (merges as "a b" or ["a", "b"], ignore_merges, unk_token, fuse_unk, byte_fallback), normalizers,
// pre-tokenizers and decoders as in their headers, byte-level or not in all of them alike, and added tokens without
// single_word, lstrip and rstrip. Of `post_processor` the BOS is kept (prefix_ids); `truncation` and `padding` act on
// Hugging Face's batches only and change no id. Ids must be below 2^21 and not much above the number of tokens.
// Code::kData: `source: place: what is wrong`.
[[nodiscard]] Result<TokenizerParts> read_tokenizer_json(const Json& json, const std::string& source);

// A new byte-level BPE file. `added` has ids 0, 1, …; byte_ids and merges as in bpe_train.h; the ids together have no
// gap.
[[nodiscard]] Json write_tokenizer_json(const std::vector<AddedToken>& added,
                                        const std::array<std::int32_t, 256>& byte_ids, const std::vector<Merge>& merges,
                                        const Json& pre_tokenizer);

}  // namespace ipr::text
