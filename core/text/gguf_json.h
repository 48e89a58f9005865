// The tokenizer keys of a GGUF file in the form of the tokenizer's own file.
#pragma once

#include "core/base/json.h"
#include "core/text/gguf_tokenizer.h"
#include "core/text/sentencepiece.h"

namespace ipr::text {

// A tokenizer.json of model `gpt2`: byte-level BPE with the word patterns that the name in `pre` stands for.
// Code::kData
// (`source: key: what is wrong`) for another name and for lists whose sizes differ.
[[nodiscard]] Result<Json> gguf_json(const GgufTokenizer& keys, const std::string& source);

// A SentencePiece model of model `llama`, checked. As in llama.cpp, user-defined tokens are added tokens, unused ones
// like any other, and blanks are kept unless the file says otherwise. Code::kData for any other model.
[[nodiscard]] Result<SentencePieceModel> gguf_sentencepiece(const GgufTokenizer& keys, const std::string& source);

}  // namespace ipr::text
