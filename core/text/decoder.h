// From tokens back to text: the `decoder` section of a Hugging Face tokenizer.json, as far as it acts on one token
// after the other.
//
// Supported: ByteLevel, and a Sequence of Replace (String pattern), ByteFallback, Fuse and Strip in this order, each of
// them at most once but Replace. Anything else is refused by its name. Immutable and safe to use from many threads at
// once.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace ipr::text {

class Decoder {
 public:
  // Code::kData for what is not supported or malformed; `where` is its place, `file: decoder`.
  [[nodiscard]] static Result<Decoder> from_json(const Json& section, const std::string& where);

  // The bytes that a token, as written in the vocabulary, stands for. A text is the bytes of its tokens, one after the
  // other.
  [[nodiscard]] std::string bytes_of(std::string_view token) const;
  [[nodiscard]] bool byte_level() const { return byte_level_; }
  // Whether one blank at the start of a whole text is left out: the dummy prefix.
  [[nodiscard]] bool strips_blank() const { return strips_blank_; }

 private:
  Status add(const Json& section, const std::string& where);
  Status add_replace(const Json& section, const std::string& where);
  Status add_strip(const Json& section, const std::string& where);

  bool byte_level_ = false;
  std::vector<std::pair<std::string, std::string>> replaced_;  // what by what, in order
  bool byte_fallback_ = false;
  bool fuses_ = false;
  bool strips_blank_ = false;
};

}  // namespace ipr::text
