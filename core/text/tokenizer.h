// Byte-level BPE: text to token ids and back, from and to Hugging Face's tokenizer.json.
//
// Immutable after construction and safe to use from many threads at once.
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

struct TrainOptions {
  std::int32_t vocab_size = 768;
  // Added tokens: matched before everything else, never split, never part of a merge. Specials come first, with ids from 0.
  std::vector<std::string> special_tokens;  // control tokens: left out of decoded text
  std::vector<std::string> added_tokens;    // ordinary text that is always one token, e.g. " [SEP] "
};

class Tokenizer {
 public:
  Tokenizer();
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // A tokenizer.json. Code::kData names the file and what in it is not supported.
  [[nodiscard]] static Result<Tokenizer> load(const std::string& path);
  [[nodiscard]] static Result<Tokenizer> from_json(const Json& json, const std::string& source);
  // Learns merges by pair frequency (Sennrich et al. 2016); ties by the smaller pair of ids, so equal texts give equal
  // tokenizers. Pre-tokenizer: decimal digits alone, then the GPT-2 split.
  [[nodiscard]] static Tokenizer train(std::span<const std::string> texts, const TrainOptions& options);

  // No BOS. Control and added tokens in the text are recognized.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  // Control tokens are left out unless asked for; bytes that are not UTF-8 become U+FFFD.
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids, bool keep_special = false) const;

  [[nodiscard]] std::int32_t vocab_size() const;
  [[nodiscard]] std::optional<std::int32_t> token_id(std::string_view token) const;
  [[nodiscard]] Json to_json() const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace ipr::text
