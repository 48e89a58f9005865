// Byte-pair encoding tokenizers of real models: text to token ids and back.
//
// Byte-level BPE (GPT-2, Llama 3, Qwen2, SmolLM2) and SentencePiece BPE with byte fallback (Llama 2, Mistral), from
// Hugging Face's tokenizer.json, SentencePiece's tokenizer.model or the keys of a GGUF file. Text is cut at added
// tokens, normalized (normalizer.h), cut by the pre-tokenizer (pretokenizer.h), then merged (merges.h). Ids equal those
// of Hugging Face's `tokenizers` or of `sentencepiece` for every file that loads; what a file asks for beyond that is
// refused by name. Bytes of a text that are not UTF-8 are read as U+FFFD, one for each. Immutable after construction
// and safe to use from many threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/text/gguf_tokenizer.h"
#include "core/text/place.h"

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

  // A tokenizer.json, or a tokenizer.model if the name ends so. Code::kData names the file and what in it is not
  // supported or broken; the memory used is a small multiple of its size.
  [[nodiscard]] static Result<Tokenizer> load(const std::string& path);
  // The text of a tokenizer.json.
  [[nodiscard]] static Result<Tokenizer> from_json_text(std::string_view text, const std::string& source);
  [[nodiscard]] static Result<Tokenizer> from_json(const Json& json, const std::string& source);
  [[nodiscard]] static Result<Tokenizer> from_sentencepiece(std::string_view bytes, const std::string& source);
  // Supported: model gpt2 with pre smollm, llama-bpe, qwen2, gpt-2 or default, and model llama. Where llama.cpp leaves
  // out what the model's own tokenizer does (Qwen2's normal form C), ids are those of the latter.
  [[nodiscard]] static Result<Tokenizer> from_gguf(const GgufTokenizer& keys, const std::string& source);
  // Learns merges by pair frequency (Sennrich et al. 2016); ties by the smaller pair of ids, so equal texts give equal
  // tokenizers. Added tokens of either kind are no part of what is learned from.
  [[nodiscard]] static Tokenizer train(std::span<const std::string> texts, const TrainOptions& options);

  // No BOS. Control and added tokens in the text are recognized.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  // The same, but control tokens in the text are ordinary characters: for what others wrote, which must not end a turn.
  // `place`: where in a whole text this part stands.
  [[nodiscard]] std::vector<std::int32_t> encode_ordinary(std::string_view text, Place place = Place::kStart) const;
  // Control tokens are left out unless asked for, ids without a token always; bytes that are not UTF-8 become U+FFFD,
  // one for each. (Hugging Face writes one for a whole broken run; no encoded text has one.)
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids, bool keep_special = false) const;

  // What the file puts in front of a whole text: its BOS, or nothing.
  [[nodiscard]] const std::vector<std::int32_t>& prefix_ids() const;
  // The largest id + 1: the rows an embedding needs.
  [[nodiscard]] std::int32_t vocab_size() const;
  // Whether `id` is a control token: one that decode leaves out unless asked for.
  [[nodiscard]] bool is_control(std::int32_t id) const;
  // Of an added token by its text, of any other by its form in the file (byte alphabet: `Ġthe`).
  [[nodiscard]] std::optional<std::int32_t> token_id(std::string_view token) const;
  // A tokenizer.json: the one it was read from, or a new one that Hugging Face reads to the same ids (of a
  // tokenizer.model as far as that goes: sentencepiece_tokenizer.h).
  [[nodiscard]] Json to_json() const;

 private:
  friend class IncrementalDecoder;
  struct Impl;
  // Appends the bytes that `id` adds to a text that is empty so far, or not.
  void append_bytes(std::int32_t id, bool keep_special, bool& at_start, std::string& bytes) const;

  std::unique_ptr<const Impl> impl_;
};

}  // namespace ipr::text
