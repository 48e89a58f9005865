// A GGUF file as a model: config, weights under Hugging Face's names and layouts, and what it says of its tokenizer.
//
// Architectures llama (Llama, Mistral), qwen2 and qwen3. In files of the first the rows of q and k are permuted for
// rotating neighbours; here they come back in the order that rotates halves. Code::kData names what is not supported.
#pragma once

#include <string>

#include "core/base/status.h"
#include "core/model/weights.h"
#include "core/text/gguf_tokenizer.h"

namespace ipr::model {

[[nodiscard]] Result<Weights> load_gguf(const std::string& path);

// The values of the tokenizer's keys, unchecked (see GgufTokenizer).
[[nodiscard]] Result<text::GgufTokenizer> read_gguf_tokenizer(const std::string& path);

}  // namespace ipr::model
