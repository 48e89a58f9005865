#include "core/text/added_tokens.h"

#include <algorithm>

namespace ipr::text {

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::stable_sort(tokens_.begin(), tokens_.end(),
                   [](const auto& a, const auto& b) { return a.content.size() > b.content.size(); });
  for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
    by_first_byte_[static_cast<unsigned char>(tokens_[i].content.front())].push_back(i);
  }
}

const AddedToken* AddedTokenFinder::longest_at(std::string_view text, std::size_t at) const {
  for (const std::uint32_t i : by_first_byte_[static_cast<unsigned char>(text[at])]) {
    const AddedToken& token = tokens_[i];
    if (text.substr(at, token.content.size()) == token.content) return &token;
  }
  return nullptr;
}

std::optional<AddedTokenFinder::Match> AddedTokenFinder::find(std::string_view text, std::size_t from) const {
  if (tokens_.empty()) return std::nullopt;
  for (std::size_t at = from; at < text.size(); ++at) {
    if (const AddedToken* token = longest_at(text, at)) return Match{at, token->content.size(), token->id};
  }
  return std::nullopt;
}

std::size_t AddedTokenFinder::length_at(std::string_view text, std::size_t at) const {
  const AddedToken* token = at < text.size() ? longest_at(text, at) : nullptr;
  return token == nullptr ? 0 : token->content.size();
}

}  // namespace ipr::text
