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
  std::string model;                // tokenizer.ggml.model: "gpt2" (byte-level BPE) or "llama" (SentencePiece)
  std::string pre;                  // .pre: how text is cut into words, for "gpt2" only
  std::vector<std::string> tokens;  // .tokens, by id
  std::vector<float> scores;        // .scores, by id; "llama" only
  std::vector<std::int32_t>
      token_types;                       // .token_type, by id: 1 normal, 2 unknown, 3 control, 4 user, 5 unused, 6 byte
  std::vector<std::string> merges;       // .merges, "a b" by rank; "gpt2" only
  std::optional<std::int64_t> bos;       // .bos_token_id
  std::optional<std::int64_t> eos;       // .eos_token_id
  std::optional<std::int64_t> unk;       // .unknown_token_id
  std::optional<std::int64_t> pad;       // .padding_token_id
  std::optional<bool> add_bos;           // .add_bos_token
  std::optional<bool> add_space_prefix;  // .add_space_prefix
  std::optional<bool> remove_extra_whitespaces;  // .remove_extra_whitespaces
  std::string chat_template;                     // tokenizer.chat_template, Jinja; empty: none
};

}  // namespace ipr::text
