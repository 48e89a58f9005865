// Byte-level BPE: text to token ids and back, from and to Hugging Face's tokenizer.json.
//
// Text is cut at added tokens, then by the pre-tokenizer (pretokenizer.h), then merged byte by byte (bpe.h). Ids equal
// those of Hugging Face's `tokenizers` for every file that loads; what a file asks for beyond that is refused by name.
// Bytes of a text that are not UTF-8 are read as U+FFFD; a byte that the vocabulary has no token for is left out, as in
// Hugging Face. Immutable after construction and safe to use from many threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace ipr::text {

// How a new tokenizer cuts text into words: pretokenizer.h, gpt2_digits_section and mix_section.
enum class WordSplit { kGpt2, kMix };

struct TrainOptions {
  // All ids: special, added, 256 bytes, merges. Fewer come out when no pair of tokens is left that occurs twice, more
  // when the first three alone exceed it.
  std::int32_t vocab_size = 768;
  // Added tokens, in ASCII (single other characters are taken by the byte alphabet): matched before everything else,
  // never split, never part of a merge. Specials come first, with ids from 0.
  std::vector<std::string> special_tokens;  // control tokens: left out of decoded text
  std::vector<std::string> added_tokens;    // ordinary text that is always one token, e.g. " [SEP] "
  WordSplit split = WordSplit::kGpt2;
};

class Tokenizer {
 public:
  Tokenizer();  // holds nothing yet: only good to be assigned to
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // A tokenizer.json. Code::kData names the file and what in it is not supported.
  [[nodiscard]] static Result<Tokenizer> load(const std::string& path);
  [[nodiscard]] static Result<Tokenizer> from_json(const Json& json, const std::string& source);
  // Learns merges by pair frequency (Sennrich et al. 2016); ties by the smaller pair of ids, so equal texts give equal
  // tokenizers. Added tokens of either kind are no part of what is learned from.
  [[nodiscard]] static Tokenizer train(std::span<const std::string> texts, const TrainOptions& options);

  // No BOS. Control and added tokens in the text are recognized.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  // The same, but control tokens in the text are ordinary characters: for what others wrote, which must not end a turn.
  [[nodiscard]] std::vector<std::int32_t> encode_ordinary(std::string_view text) const;
  // Control tokens are left out unless asked for, ids without a token always; bytes that are not UTF-8 become U+FFFD.
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids, bool keep_special = false) const;

  // The largest id + 1: the rows an embedding needs.
  [[nodiscard]] std::int32_t vocab_size() const;
  // Of an added token by its text, of any other by its form in the file (byte alphabet: `Ġthe`).
  [[nodiscard]] std::optional<std::int32_t> token_id(std::string_view token) const;
  // A tokenizer.json: the one it was read from, or a new one that Hugging Face reads to the same ids.
  [[nodiscard]] Json to_json() const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace ipr::text
