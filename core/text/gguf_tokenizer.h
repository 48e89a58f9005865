// A tokenizer as a GGUF file carries it: the values of the keys `tokenizer.ggml.*` and `tokenizer.chat_template`.
//
// Plain values, so that who reads GGUF files (core/model) need know nothing of tokenizers, and who makes tokenizers
// nothing of GGUF. A key that the file lacks leaves its member as it is here. Nothing is checked yet:
// Tokenizer::from_gguf does that, and refuses what it does not support by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ipr::text {

struct GgufTokenizer {
  // tokenizer.ggml.model: "gpt2" (byte-level BPE) or "llama" (SentencePiece).
  std::string model;
  // .pre: how text is cut into words; "gpt2" only.
  std::string pre;
  // .tokens, .scores ("llama" only) and .token_type, by id. A type: 1 normal, 2 unknown, 3 control, 4 user-defined,
  // 5 unused, 6 byte.
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<std::int32_t> token_types;
  // .merges, "a b" by rank; "gpt2" only.
  std::vector<std::string> merges;
  // .bos_token_id, .eos_token_id, .unknown_token_id, .padding_token_id
  std::optional<std::int64_t> bos, eos, unk, pad;
  // .add_bos_token, .add_space_prefix, .remove_extra_whitespaces
  std::optional<bool> add_bos, add_space_prefix, remove_extra_whitespaces;
  // tokenizer.chat_template, Jinja; empty: none.
  std::string chat_template;
};

}  // namespace ipr::text
