#include "core/rollout/stop_texts.h"

#include <algorithm>

namespace ipr::rollout {

StopTexts::StopTexts(const text::Tokenizer& tokenizer, std::vector<std::string> stops)
    : tokenizer_(tokenizer), stops_(std::move(stops)) {
  std::erase(stops_, std::string());
  for (const std::string& stop : stops_) longest_ = std::max(longest_, stop.size());
}

StopTexts::Cut StopTexts::cut(const std::vector<std::int32_t>& reply) const {
  Cut cut{{}, tokenizer_.decode(reply), reply.size()};
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops_) {
    const std::size_t at = cut.text.find(stop);
    if (at >= first) continue;  // ties: the one named first
    first = at;
    cut.stop = stop;
  }
  if (cut.stop.empty()) return cut;
  cut.text.resize(first);
  std::vector<std::int32_t> ids = reply;
  // The text of fewer ids is not always a shorter text: half a character reads as U+FFFD.
  while (!ids.empty() && !cut.text.starts_with(tokenizer_.decode(ids))) ids.pop_back();
  cut.ids = ids.size();
  return cut;
}

bool StopTexts::Watch::push(std::int32_t id) {
  tail_ += decoder_.push(id);
  const bool found = std::any_of(stops_.stops_.begin(), stops_.stops_.end(),
                                 [this](const std::string& stop) { return tail_.find(stop) != std::string::npos; });
  if (tail_.size() >= stops_.longest_) tail_.erase(0, tail_.size() + 1 - stops_.longest_);
  return found;
}

}  // namespace ipr::rollout
