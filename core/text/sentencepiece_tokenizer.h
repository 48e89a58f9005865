// A SentencePiece model as a tokenizer: its parts, and the tokenizer.json that says the same.
#pragma once

#include "core/base/json.h"
#include "core/text/sentencepiece.h"
#include "core/text/tokenizer_parts.h"

namespace ipr::text {

// Ids equal SentencePiece's where control pieces in the text are ordinary characters, as they are for SentencePiece.
// Precondition: check_sentencepiece is content.
[[nodiscard]] TokenizerParts sentencepiece_parts(const SentencePieceModel& model);

// A tokenizer.json that Hugging Face reads, as its own conversion would be. It cannot say everything: equal scores (of
// two ways to put one piece together) are ranked otherwise, and a blank is put behind a user-defined piece. So ids may
// differ where such a piece stands in the text, and in rare texts else.
[[nodiscard]] Json sentencepiece_json(const SentencePieceModel& model);

}  // namespace ipr::text
