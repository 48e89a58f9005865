#include "core/text/tokenizer.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/base/strings.h"
#include "core/text/added_tokens.h"
#include "core/text/bpe.h"
#include "core/text/bpe_train.h"
#include "core/text/byte_level.h"
#include "core/text/pretokenizer.h"
#include "core/text/tokenizer_json.h"

namespace ipr::text {
namespace {

// Hugging Face looks for two groups of added tokens, one pass after the other; most files have one group.
std::vector<AddedTokenFinder> make_passes(const std::vector<AddedToken>& added, bool with_special) {
  std::vector<AddedTokenFinder> passes;
  for (const bool normalized : {false, true}) {
    std::vector<AddedToken> group;
    for (const AddedToken& token : added) {
      if (token.normalized == normalized && (with_special || !token.special)) group.push_back(token);
    }
    if (!group.empty()) passes.emplace_back(std::move(group));
  }
  return passes;
}

// Calls on_text(view) and on_token(id) for the parts of `text` in order. Parts between the tokens of one pass go to the
// next.
template <typename OnText, typename OnToken>
void cut_at_added(std::span<const AddedTokenFinder> passes, std::string_view text, const OnText& on_text,
                  const OnToken& on_token) {
  if (text.empty()) return;
  if (passes.empty()) return on_text(text);
  std::size_t at = 0;
  while (const auto match = passes.front().find(text, at)) {
    cut_at_added(passes.subspan(1), text.substr(at, match->begin - at), on_text, on_token);
    on_token(match->id);
    at = match->begin + match->length;
  }
  cut_at_added(passes.subspan(1), text.substr(at), on_text, on_token);
}

Bpe make_bpe(const TokenizerFile& file, std::vector<std::string> token_bytes) {
  std::array<std::int32_t, 256> byte_ids{};
  byte_ids.fill(-1);
  for (std::size_t id = 0; id < file.tokens.size(); ++id) {
    const auto bytes = from_symbols(file.tokens[id]);
    if (bytes && bytes->size() == 1)
      byte_ids[static_cast<unsigned char>(bytes->front())] = static_cast<std::int32_t>(id);
  }
  for (const AddedToken& token : file.added) token_bytes[token.id].clear();  // never made by merging
  return {byte_ids, file.merges, token_bytes, file.ignore_merges, file.unknown};
}

// What each id stands for. A token outside the byte alphabet stands for its own text, as in Hugging Face's decoder.
std::vector<std::string> make_token_bytes(const TokenizerFile& file) {
  std::vector<std::string> bytes;
  bytes.reserve(file.tokens.size());
  for (const std::string& token : file.tokens) bytes.push_back(from_symbols(token).value_or(token));
  for (const AddedToken& token : file.added) bytes[token.id] = token.content;
  return bytes;
}

// Special tokens, then ordinary ones, numbered from 0; a text is listed once.
std::vector<AddedToken> number_added(const TrainOptions& options) {
  std::vector<AddedToken> added;
  const auto add = [&](const std::string& content, bool special) {
    const bool known = std::any_of(added.begin(), added.end(), [&](const auto& a) { return a.content == content; });
    if (!content.empty() && !known) added.push_back({content, static_cast<std::int32_t>(added.size()), special, false});
  };
  for (const std::string& content : options.special_tokens) add(content, true);
  for (const std::string& content : options.added_tokens) add(content, false);
  return added;
}

std::map<std::string, std::int64_t> count_pieces(std::span<const std::string> texts,
                                                 const std::vector<AddedTokenFinder>& passes,
                                                 const PreTokenizer& pre_tokenizer) {
  std::map<std::string, std::int64_t> counts;
  std::vector<std::string_view> pieces;
  const auto on_text = [&](std::string_view part) {
    pieces.clear();
    pre_tokenizer.split(part, pieces);
    for (const std::string_view piece : pieces) ++counts[std::string(piece)];
  };
  for (const std::string& text : texts) cut_at_added(passes, valid_utf8(text), on_text, [](std::int32_t) {});
  return counts;
}

}  // namespace

struct Tokenizer::Impl {
  Impl(TokenizerFile file, const Json& json)
      : document(json),
        token_bytes(make_token_bytes(file)),
        special(file.tokens.size(), false),
        pre_tokenizer(std::move(file.pre_tokenizer)),
        bpe(make_bpe(file, token_bytes)),
        all_added(make_passes(file.added, true)),
        ordinary_added(make_passes(file.added, false)) {
    for (std::size_t id = 0; id < file.tokens.size(); ++id) {
      if (!file.tokens[id].empty()) ids.emplace(file.tokens[id], static_cast<std::int32_t>(id));
    }
    for (const AddedToken& token : file.added) special[token.id] = token.special;
  }

  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text,
                                                 const std::vector<AddedTokenFinder>& passes) const {
    const std::string valid = valid_utf8(text);
    std::vector<std::int32_t> encoded;
    encoded.reserve(valid.size() / 3);
    std::vector<std::string_view> pieces;
    const auto on_text = [&](std::string_view part) {
      pieces.clear();
      pre_tokenizer.split(part, pieces);
      for (const std::string_view piece : pieces) bpe.encode(piece, encoded);
    };
    cut_at_added(passes, valid, on_text, [&](std::int32_t id) { encoded.push_back(id); });
    return encoded;
  }

  Json document;
  std::vector<std::string> token_bytes;  // by id; empty where no token has that id
  std::vector<bool> special;             // by id
  std::unordered_map<std::string, std::int32_t> ids;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  std::vector<AddedTokenFinder> all_added;
  std::vector<AddedTokenFinder> ordinary_added;
};

Tokenizer::Tokenizer() = default;
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Result<Tokenizer> Tokenizer::load(const std::string& path) {
  IPR_ASSIGN(const Json json, read_json(path));
  return from_json(json, path);
}

Result<Tokenizer> Tokenizer::from_json(const Json& json, const std::string& source) {
  IPR_ASSIGN(TokenizerFile file, read_tokenizer_json(json, source));
  Tokenizer tokenizer;
  tokenizer.impl_ = std::make_unique<const Impl>(std::move(file), json);
  return tokenizer;
}

Tokenizer Tokenizer::train(std::span<const std::string> texts, const TrainOptions& options) {
  const std::vector<AddedToken> added = number_added(options);
  // A vocabulary has no text twice: an added token that is written like a byte stands for that byte, too, and no merge
  // may make one that is written like an added token.
  std::set<std::string> forbidden;
  for (const AddedToken& token : added) forbidden.insert(from_symbols(token.content).value_or(""));
  auto next_id = static_cast<std::int32_t>(added.size());
  std::array<std::int32_t, 256> byte_ids{};
  for (const std::uint8_t byte : bytes_in_symbol_order()) {
    const auto same =
        std::find_if(added.begin(), added.end(), [&](const auto& a) { return a.content == byte_symbol(byte); });
    byte_ids[byte] = same != added.end() ? same->id : next_id++;
  }

  const Json section = options.split == WordSplit::kMix ? mix_section() : gpt2_digits_section();
  const PreTokenizer pre_tokenizer = PreTokenizer::from_json(section, "pre_tokenizer").value();
  const auto counts = count_pieces(texts, make_passes(added, true), pre_tokenizer);
  const std::int32_t room = std::max(0, options.vocab_size - next_id);
  const std::vector<Merge> merges = learn_merges(counts, byte_ids, forbidden, next_id, room);
  // What was learned goes through the written form, so that a trained tokenizer and its file cannot differ.
  return std::move(from_json(write_tokenizer_json(added, byte_ids, merges, section), "trained tokenizer")).value();
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  return impl_->encode(text, impl_->all_added);
}

std::vector<std::int32_t> Tokenizer::encode_ordinary(std::string_view text) const {
  return impl_->encode(text, impl_->ordinary_added);
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool keep_special) const {
  std::string bytes;
  for (const std::int32_t id : ids) {
    const bool known = id >= 0 && id < vocab_size();
    if (known && (keep_special || !impl_->special[id])) bytes += impl_->token_bytes[id];
  }
  return valid_utf8(bytes);
}

std::int32_t Tokenizer::vocab_size() const {
  return static_cast<std::int32_t>(impl_->token_bytes.size());
}

std::optional<std::int32_t> Tokenizer::token_id(std::string_view token) const {
  const auto found = impl_->ids.find(std::string(token));
  return found == impl_->ids.end() ? std::nullopt : std::optional(found->second);
}

Json Tokenizer::to_json() const {
  return impl_->document;
}

}  // namespace ipr::text
