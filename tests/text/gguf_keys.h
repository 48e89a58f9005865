// The tokenizer keys of a GGUF v3 file, for tests of core/text, which knows nothing of GGUF. Good files only.
#pragma once

#include <string>

#include "core/text/gguf_tokenizer.h"

namespace ipr::test {

// Throws where the file is none.
[[nodiscard]] text::GgufTokenizer gguf_tokenizer_keys(const std::string& path);

}  // namespace ipr::test
