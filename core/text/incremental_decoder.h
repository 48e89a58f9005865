// Text from token ids that come one by one: only whole characters are given out.
#pragma once

#include <cstdint>
#include <string>

#include "core/text/tokenizer.h"

namespace ipr::text {

// What push and finish give, put together, is Tokenizer::decode of all ids. Holds at most three bytes back. Not for
// several threads at once; the tokenizer must outlive it.
class IncrementalDecoder {
 public:
  explicit IncrementalDecoder(const Tokenizer& tokenizer, bool keep_special = false)
      : tokenizer_(tokenizer), keep_special_(keep_special) {}

  // The text that `id` completes; empty while its last character lacks bytes.
  [[nodiscard]] std::string push(std::int32_t id);
  // The end: bytes of a character that was never completed, as U+FFFD. The decoder is then as new.
  [[nodiscard]] std::string finish();

 private:
  const Tokenizer& tokenizer_;
  bool keep_special_;
  bool at_start_ = true;
  std::string held_;  // the start of a character
};

}  // namespace ipr::text
