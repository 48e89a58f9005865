#include "core/text/tokenizer.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <variant>

#include "core/base/files.h"
#include "core/base/strings.h"
#include "core/text/added_tokens.h"
#include "core/text/bpe.h"
#include "core/text/bpe_train.h"
#include "core/text/byte_level.h"
#include "core/text/gguf_json.h"
#include "core/text/json_section.h"
#include "core/text/sentencepiece_tokenizer.h"
#include "core/text/tokenizer_json.h"

namespace ipr::text {
namespace {

// Added tokens are looked for twice: in the text as it is, and between those found in the normalized text.
struct AddedPasses {
  AddedTokenFinder raw, normalized;
};

AddedPasses make_passes(const std::vector<AddedToken>& added, const Normalizer& normalizer, bool with_special) {
  std::vector<AddedToken> groups[2];
  for (AddedToken token : added) {
    if (token.special && !with_special) continue;
    if (token.normalized) token.content = normalizer.apply(token.content, Place::kStart);
    if (!token.content.empty()) groups[token.normalized ? 1 : 0].push_back(std::move(token));
  }
  return {AddedTokenFinder(std::move(groups[0])), AddedTokenFinder(std::move(groups[1]))};
}

// Calls on_text(view, place) and on_token(id) for the parts of `text` in order; `place` is that of the first part.
template <typename OnText, typename OnToken>
void cut_at(const AddedTokenFinder& tokens, std::string_view text, Place place, const OnText& on_text,
            const OnToken& on_token) {
  std::size_t at = 0;
  const auto put = [&](std::size_t end) {
    if (end > at) on_text(text.substr(at, end - at), at == 0 ? place : Place::kAfterToken);
  };
  while (const auto match = tokens.find(text, at)) {
    put(match->begin);
    on_token(match->id);
    at = match->begin + match->length;
  }
  put(text.size());
}

// The texts of tokens that text can be cut into. A control token is never made from ordinary text.
std::vector<std::string> mergeable_tokens(const TokenizerParts& parts, const std::vector<std::string>& tokens) {
  std::vector<std::string> mergeable = tokens;
  for (std::size_t id = 0; id < mergeable.size(); ++id) {
    if (!parts.in_vocabulary[id]) mergeable[id].clear();
  }
  for (const AddedToken& token : parts.added) {
    if (token.special || parts.byte_level) mergeable[token.id].clear();
  }
  return mergeable;
}

std::variant<Bpe, CharBpe> make_model(const TokenizerParts& parts) {
  if (!parts.byte_level) {
    return CharBpe(mergeable_tokens(parts, parts.tokens), parts.merges, parts.unknown, parts.ignore_merges);
  }
  std::array<std::int32_t, 256> byte_ids{};
  byte_ids.fill(-1);
  for (std::size_t id = 0; id < parts.tokens.size(); ++id) {
    const auto bytes = from_symbols(parts.tokens[id]);
    if (bytes && bytes->size() == 1)
      byte_ids[static_cast<unsigned char>(bytes->front())] = static_cast<std::int32_t>(id);
  }
  return Bpe(byte_ids, parts.merges, mergeable_tokens(parts, parts.bytes), parts.ignore_merges,
             UnknownByte{parts.unknown.id, parts.unknown.fuse});
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

std::map<std::string, std::int64_t> count_pieces(std::span<const std::string> texts, const AddedTokenFinder& added,
                                                 const PreTokenizer& pre_tokenizer) {
  std::map<std::string, std::int64_t> counts;
  std::vector<std::string_view> pieces;
  const auto on_text = [&](std::string_view part, Place) {
    pieces.clear();
    pre_tokenizer.split(part, pieces);
    for (const std::string_view piece : pieces) ++counts[std::string(piece)];
  };
  for (const std::string& text : texts) cut_at(added, valid_utf8(text), Place::kStart, on_text, [](std::int32_t) {});
  return counts;
}

}  // namespace

struct Tokenizer::Impl {
  Impl(TokenizerParts read, std::variant<Json, SentencePieceModel> source)
      : parts(std::move(read)),
        document(std::move(source)),
        model(make_model(parts)),
        all_added(make_passes(parts.added, parts.normalizer, true)),
        ordinary_added(make_passes(parts.added, parts.normalizer, false)),
        frozen(parts.frozen) {
    for (std::size_t id = 0; id < parts.tokens.size(); ++id) {
      if (!parts.tokens[id].empty()) ids.emplace(parts.tokens[id], static_cast<std::int32_t>(id));
    }
    parts.merges = {};  // the model has them
  }

  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text, const AddedPasses& added, Place place) const {
    const std::string valid = parts.normalizer.takes_bytes() ? std::string() : valid_utf8(text);
    if (!parts.normalizer.takes_bytes()) text = valid;
    std::vector<std::int32_t> encoded;
    encoded.reserve(text.size() / 3);
    const auto on_token = [&](std::int32_t id) { encoded.push_back(id); };
    const auto on_normalized = [&](std::string_view part, Place at) { encode_normalized(part, at, encoded); };
    const auto on_raw = [&](std::string_view part, Place at) {
      if (parts.normalizer.empty()) return cut_at(added.normalized, part, at, on_normalized, on_token);
      const std::string normalized = parts.normalizer.apply(part, at);
      cut_at(added.normalized, normalized, at, on_normalized, on_token);
    };
    cut_at(added.raw, text, place, on_raw, on_token);
    return encoded;
  }

  void encode_normalized(std::string_view text, Place place, std::vector<std::int32_t>& encoded) const {
    std::string rewritten;
    if (parts.pre_tokenizer.rewrites()) {
      rewritten = parts.pre_tokenizer.rewrite(text, place);
      text = rewritten;
    }
    std::vector<std::string_view> pieces;
    parts.pre_tokenizer.split(text, pieces);
    for (const std::string_view piece : pieces) {
      if (const Bpe* bytes = std::get_if<Bpe>(&model)) {
        bytes->encode(piece, encoded);
        continue;
      }
      cut_at(
          frozen, piece, place, [&](std::string_view part, Place) { std::get<CharBpe>(model).encode(part, encoded); },
          [&](std::int32_t id) { encoded.push_back(id); });
    }
  }

  TokenizerParts parts;
  std::variant<Json, SentencePieceModel> document;  // what it was read from
  std::unordered_map<std::string, std::int32_t> ids;
  std::variant<Bpe, CharBpe> model;
  AddedPasses all_added;
  AddedPasses ordinary_added;
  AddedTokenFinder frozen;
};

Tokenizer::Tokenizer() = default;
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Result<Tokenizer> Tokenizer::load(const std::string& path) {
  IPR_ASSIGN(const std::string bytes, read_file(path));
  if (path.ends_with(".model")) return from_sentencepiece(bytes, path);
  return from_json_text(bytes, path);
}

Result<Tokenizer> Tokenizer::from_json_text(std::string_view text, const std::string& source) {
  IPR_ASSIGN(const Json json, parse_json(text, source));
  return from_json(json, source);
}

Result<Tokenizer> Tokenizer::from_json(const Json& json, const std::string& source) {
  IPR_ASSIGN(TokenizerParts parts, read_tokenizer_json(json, source));
  Tokenizer made;
  made.impl_ = std::make_unique<Impl>(std::move(parts), json);
  return made;
}

Result<Tokenizer> Tokenizer::from_sentencepiece(std::string_view bytes, const std::string& source) {
  IPR_ASSIGN(SentencePieceModel model, read_sentencepiece(bytes, source));
  Tokenizer made;
  TokenizerParts parts = sentencepiece_parts(model);
  made.impl_ = std::make_unique<Impl>(std::move(parts), std::move(model));
  return made;
}

Result<Tokenizer> Tokenizer::from_gguf(const GgufTokenizer& keys, const std::string& source) {
  if (keys.model == "gpt2") {
    IPR_ASSIGN(const Json json, gguf_json(keys, source));
    return from_json(json, source);
  }
  IPR_ASSIGN(SentencePieceModel model, gguf_sentencepiece(keys, source));
  Tokenizer made;
  TokenizerParts parts = sentencepiece_parts(model);
  made.impl_ = std::make_unique<Impl>(std::move(parts), std::move(model));
  return made;
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
  const auto counts = count_pieces(texts, AddedTokenFinder(added), pre_tokenizer);
  const std::int32_t room = std::max(0, options.vocab_size - next_id);
  const std::vector<Merge> merges = learn_merges(counts, byte_ids, forbidden, next_id, room);
  // What was learned goes through the written form, so that a trained tokenizer and its file cannot differ.
  return std::move(from_json(write_tokenizer_json(added, byte_ids, merges, section), "trained tokenizer")).value();
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  return impl_->encode(text, impl_->all_added, Place::kStart);
}

std::vector<std::int32_t> Tokenizer::encode_ordinary(std::string_view text, Place place) const {
  return impl_->encode(text, impl_->ordinary_added, place);
}

void Tokenizer::append_bytes(std::int32_t id, bool keep_special, bool& at_start, std::string& bytes) const {
  const TokenizerParts& parts = impl_->parts;
  if (id < 0 || id >= vocab_size() || (parts.hidden[id] && !keep_special)) return;
  const std::string& token = parts.bytes[id];
  const bool cut = at_start && parts.first_blank != TokenizerParts::FirstBlank::kKept && parts.blank_first[id];
  const std::string_view rest = std::string_view(token).substr(cut ? 1 : 0);
  bytes += rest;
  const bool still = parts.first_blank == TokenizerParts::FirstBlank::kLeftOutUntilText && rest.empty();
  if (!token.empty() && !still) at_start = false;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool keep_special) const {
  std::string bytes;
  bool at_start = true;
  for (const std::int32_t id : ids) append_bytes(id, keep_special, at_start, bytes);
  return valid_utf8(bytes);
}

const std::vector<std::int32_t>& Tokenizer::prefix_ids() const {
  return impl_->parts.prefix_ids;
}

std::int32_t Tokenizer::vocab_size() const {
  return static_cast<std::int32_t>(impl_->parts.tokens.size());
}

bool Tokenizer::is_control(std::int32_t id) const {
  return id >= 0 && id < vocab_size() && impl_->parts.hidden[id];
}

std::optional<std::int32_t> Tokenizer::token_id(std::string_view token) const {
  const auto found = impl_->ids.find(std::string(token));
  return found == impl_->ids.end() ? std::nullopt : std::optional(found->second);
}

Json Tokenizer::to_json() const {
  if (const Json* json = std::get_if<Json>(&impl_->document)) return *json;
  return sentencepiece_json(std::get<SentencePieceModel>(impl_->document));
}

}  // namespace ipr::text
