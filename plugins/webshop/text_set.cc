#include "text_set.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace webshop {

TextSet::TextSet(std::vector<std::string> texts) {
  entries_.reserve(texts.size());
  for (std::string& text : texts) {
    const std::size_t hash = std::hash<std::string>{}(text);
    entries_.push_back({hash, std::move(text)});
  }
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
}

std::size_t count_common(const TextSet& a, const TextSet& b) {
  std::size_t count = 0;
  for (auto left = a.entries_.begin(), right = b.entries_.begin();
       left != a.entries_.end() && right != b.entries_.end();) {
    const auto order = *left <=> *right;
    if (order == 0) ++count;
    if (order <= 0) ++left;
    if (order >= 0) ++right;
  }
  return count;
}

}  // namespace webshop
