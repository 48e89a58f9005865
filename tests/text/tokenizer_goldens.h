// The file that make_tokenizer_goldens.py writes, and comparing our tokenizers with it.
#pragma once

#include <string>

#include "core/base/json.h"
#include "core/text/tokenizer.h"

namespace ipr::test {

// A tokenizer of the file's list.
[[nodiscard]] Result<text::Tokenizer> tokenizer_of(const Json& golden);

// Checks every tokenizer of the file on every one of its texts: ids, ids with control tokens as ordinary text, decoded
// text, the same text in increments, and what stands in front of a whole text. Shows the first few differences only.
void check_tokenizer_goldens(const std::string& path);

}  // namespace ipr::test
