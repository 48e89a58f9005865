// Replies that end because of what they say: stop strings, wherever the tokens divide them.
//
// A stop string may begin inside one token and end inside another. So it is looked for in the text, not in the ids, and
// the cut may fall into a token, whose first half is then part of the reply's text but not of its ids.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/incremental_decoder.h"

namespace ipr::rollout {

// Immutable, safe from many threads.
class StopTexts {
 public:
  // `tokenizer` must outlive the object. Empty strings stop nothing.
  StopTexts(const text::Tokenizer& tokenizer, std::vector<std::string> stops);

  [[nodiscard]] bool empty() const { return stops_.empty(); }

  struct Cut {
    std::string stop;     // the string that came first; empty: none is in the reply, and what follows is all of it
    std::string text;     // what was said before it
    std::size_t ids = 0;  // how many of the reply's ids lie wholly in `text`
  };
  [[nodiscard]] Cut cut(const std::vector<std::int32_t>& reply) const;

  // Reads one reply as it is sampled. The StopTexts, which must not be empty, must outlive it.
  class Watch {
   public:
    explicit Watch(const StopTexts& stops) : stops_(stops), decoder_(stops.tokenizer_) {}
    // Takes the next id. True: a stop string is complete.
    bool push(std::int32_t id);

   private:
    const StopTexts& stops_;
    text::IncrementalDecoder decoder_;
    std::string tail_;  // the end of the text: one byte less than the longest stop string
  };

 private:
  const text::Tokenizer& tokenizer_;
  std::vector<std::string> stops_;
  std::size_t longest_ = 0;
};

}  // namespace ipr::rollout
