#include "core/text/incremental_decoder.h"

#include <algorithm>

#include "core/base/strings.h"
#include "core/text/utf8.h"

namespace ipr::text {

std::string IncrementalDecoder::push(std::int32_t id) {
  tokenizer_.append_bytes(id, keep_special_, at_start_, held_);
  // The bytes that may still become a character: the longest tail that is the start of one.
  std::size_t tail = std::min<std::size_t>(3, held_.size());
  while (tail > 0 && !is_cut_char(std::string_view(held_).substr(held_.size() - tail))) --tail;
  std::string text = valid_utf8(std::string_view(held_).substr(0, held_.size() - tail));
  held_.erase(0, held_.size() - tail);
  return text;
}

std::string IncrementalDecoder::finish() {
  std::string text = valid_utf8(held_);
  held_.clear();
  at_start_ = true;
  return text;
}

}  // namespace ipr::text
