#include "core/text/char_bpe.h"

#include <algorithm>

#include "core/text/normalizer.h"
#include "core/text/utf8.h"

namespace ipr::text {
namespace {

// The text of a symbol: a token, or a character that is none.
std::string text_of(std::int32_t symbol, const std::vector<std::string>& tokens) {
  if (symbol >= 0) return tokens[static_cast<std::size_t>(symbol)];
  std::string text;
  append_char(static_cast<std::uint32_t>(-1 - symbol), text);
  return text;
}

bool is_blanks(std::string_view text) {
  while (text.starts_with(kBlankSymbol)) text.remove_prefix(kBlankSymbol.size());
  return text.empty();
}

// Whether no merge joins a blank with what stands before it, other blanks aside.
bool blanks_begin_words(const std::vector<RankedMerge>& merges, const std::vector<std::string>& tokens) {
  return std::none_of(merges.begin(), merges.end(), [&](const RankedMerge& ranked) {
    return text_of(ranked.merge.right, tokens).starts_with(kBlankSymbol) &&
           !is_blanks(text_of(ranked.merge.left, tokens));
  });
}

// Where the word at the start of `text` ends: before the first blank that does not stand at its own start.
std::size_t word_end(std::string_view text) {
  std::size_t begin = 0;
  while (text.substr(begin).starts_with(kBlankSymbol)) begin += kBlankSymbol.size();
  return std::min(text.find(kBlankSymbol, begin), text.size());
}

}  // namespace

CharBpe::CharBpe(const std::vector<std::string>& tokens, const std::vector<RankedMerge>& merges,
                 const UnknownChar& unknown, bool ignore_merges)
    : unknown_(unknown), merges_(merges.size()) {
  for (const RankedMerge& ranked : merges) merges_.add(ranked.merge, ranked.rank);
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    const Utf8Char c = first_char(tokens[id]);
    if (c.length > 0 && c.length == tokens[id].size()) char_ids_.emplace(c.point, static_cast<std::int32_t>(id));
    if (ignore_merges && !tokens[id].empty()) tokens_.emplace(tokens[id], static_cast<std::int32_t>(id));
  }
  cut_at_blanks_ = char_ids_.contains(first_char(kBlankSymbol).point) && blanks_begin_words(merges, tokens);
  std::vector<std::int32_t> ids;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    const std::string& token = tokens[id];
    if (token.empty() || token.size() > kLongestWord || word_end(token) < token.size()) continue;
    ids.clear();
    encode_word(token, ids);
    if (ids.size() == 1) whole_.emplace(token, ids[0]);
  }
}

void CharBpe::encode(std::string_view piece, std::vector<std::int32_t>& ids) const {
  if (const auto token = tokens_.find(piece); token != tokens_.end()) {
    ids.push_back(token->second);
    return;
  }
  while (!piece.empty()) {
    const std::size_t end = cut_at_blanks_ ? word_end(piece) : piece.size();
    encode_word(piece.substr(0, end), ids);
    piece.remove_prefix(end);
  }
}

void CharBpe::encode_word(std::string_view word, std::vector<std::int32_t>& ids) const {
  if (const auto known = whole_.find(word); known != whole_.end()) {
    ids.push_back(known->second);
    return;
  }
  std::vector<std::int32_t> symbols = symbols_of(word);
  merges_.apply(symbols);
  bool after_unknown = false;
  for (const std::int32_t symbol : symbols) {
    if (symbol >= 0) {
      ids.push_back(symbol);
      after_unknown = false;
    } else {
      append_unknown(static_cast<std::uint32_t>(-1 - symbol), ids, after_unknown);
    }
  }
}

bool CharBpe::append_bytes(std::uint32_t point, std::vector<std::int32_t>& ids) const {
  std::string bytes;
  append_char(point, bytes);
  const auto id_of = [&](char byte) { return unknown_.byte_ids[static_cast<unsigned char>(byte)]; };
  if (!std::all_of(bytes.begin(), bytes.end(), [&](char byte) { return id_of(byte) >= 0; })) return false;
  for (const char byte : bytes) ids.push_back(id_of(byte));
  return true;
}

void CharBpe::append_unknown(std::uint32_t point, std::vector<std::int32_t>& ids, bool& after_unknown) const {
  if (append_bytes(point, ids)) {
    after_unknown = false;
    return;
  }
  if (unknown_.id >= 0 && !(after_unknown && unknown_.fuse)) ids.push_back(unknown_.id);
  after_unknown = true;
}

std::vector<std::int32_t> CharBpe::symbols_of(std::string_view word) const {
  std::vector<std::int32_t> symbols;
  symbols.reserve(word.size());
  // As in Hugging Face, the unknown token waits for the next known character: characters in bytes overtake it.
  bool waiting = false;
  while (!word.empty()) {
    const Utf8Char c = first_char(word);
    if (c.length == 0) {  // never, by the precondition
      word.remove_prefix(1);
      continue;
    }
    word.remove_prefix(c.length);
    const auto known = char_ids_.find(c.point);
    if (known != char_ids_.end()) {
      if (waiting) symbols.push_back(unknown_.id);
      waiting = false;
      symbols.push_back(known->second);
    } else if (unknown_.after_merging) {
      symbols.push_back(unknown_symbol(c.point));
    } else if (!append_bytes(c.point, symbols) && unknown_.id >= 0) {
      if (waiting && !unknown_.fuse) symbols.push_back(unknown_.id);
      waiting = true;
    }
  }
  if (waiting) symbols.push_back(unknown_.id);
  return symbols;
}

}  // namespace ipr::text
