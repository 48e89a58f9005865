#include "core/text/gguf_json.h"

#include <algorithm>

#include "core/base/strings.h"

namespace ipr::text {
namespace {

using Type = SentencePieceModel::Type;

constexpr const char* kKeys = ": tokenizer.ggml.";

// Contractions, words and so on in the manner of Llama 3; `digits` is how many digits go together at most.
std::string words_pattern(const std::string& digits) {
  return R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})" + digits +
         R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
}

Json split_section(const std::string& pattern) {
  return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
}

Json bytes_section(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", use_regex}};
}

Json sequence_section(std::vector<Json> parts, bool use_regex) {
  parts.push_back(bytes_section(use_regex));
  return {{"type", "Sequence"}, {"pretokenizers", parts}};
}

// What a name in `pre` stands for.
struct Words {
  Json pre_tokenizer;
  Json normalizer;
  bool ignore_merges = false;
  bool add_bos = false;
};

Result<Words> words_of(const std::string& pre, const std::string& source) {
  if (pre == "smollm") return Words{sequence_section({{{"type", "Digits"}, {"individual_digits", true}}}, true), {}};
  if (pre == "gpt-2") return Words{bytes_section(true), {}};
  if (pre == "llama-bpe" || pre == "llama3" || pre == "llama-v3") {
    return Words{sequence_section({split_section(words_pattern("{1,3}"))}, false), {}, true, true};
  }
  if (pre == "qwen2") {
    return Words{sequence_section({split_section(words_pattern(""))}, false), {{"type", "NFC"}}};
  }
  if (pre == "default" || pre.empty()) {  // llama.cpp's, for models from before the key was there
    return Words{
        sequence_section({split_section(R"([\p{P}\$\+<=>\^~\|]+)"),
                          split_section(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))"),
                          split_section(R"(\p{N}+)"), split_section("[0-9][0-9][0-9]")},
                         false),
        {}};
  }
  return bad_data(source + kKeys + "pre: " + dump_brief(pre) +
                  " is not supported; supported: smollm, llama-bpe, qwen2, gpt-2, default");
}

Status check_sizes(const GgufTokenizer& keys, const std::string& source) {
  if (keys.tokens.empty()) return bad_data(source + kKeys + "tokens: missing or empty");
  const auto check = [&](const char* key, std::size_t size) -> Status {
    if (size == keys.tokens.size()) return {};
    return bad_data(source + kKeys + key + ": " + std::to_string(size) + " values for " +
                    std::to_string(keys.tokens.size()) + " tokens");
  };
  IPR_TRY(check("token_type", keys.token_types.size()));
  for (const auto& [key, texts] : {std::pair("tokens", &keys.tokens), {"merges", &keys.merges}}) {
    for (std::size_t i = 0; i < texts->size(); ++i) {
      if (valid_utf8((*texts)[i]) == (*texts)[i]) continue;
      return bad_data(source + kKeys + key + "[" + std::to_string(i) + "]: not UTF-8");
    }
  }
  return keys.model == "llama" ? check("scores", keys.scores.size()) : Status();
}

Result<std::int32_t> token_id(std::int64_t id, const char* key, const GgufTokenizer& keys, const std::string& source) {
  if (id >= 0 && id < static_cast<std::int64_t>(keys.tokens.size())) return static_cast<std::int32_t>(id);
  return bad_data(source + kKeys + key + ": " + std::to_string(id) + " is none of the " +
                  std::to_string(keys.tokens.size()) + " tokens");
}

Json bos_section(const std::string& token, std::int32_t id) {
  const Json special = {{"id", token}, {"ids", Json::array({id})}, {"tokens", Json::array({token})}};
  const Json first = {{"SpecialToken", {{"id", token}, {"type_id", 0}}}};
  const Json a = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json b = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({first, a})},
          {"pair", Json::array({first, a, first, b})},
          {"special_tokens", Json::object({{token, special}})}};
}

}  // namespace

Result<Json> gguf_json(const GgufTokenizer& keys, const std::string& source) {
  IPR_TRY(check_sizes(keys, source));
  IPR_ASSIGN(const Words words, words_of(keys.pre, source));
  Json vocabulary = Json::object();
  Json added = Json::array();
  for (std::size_t id = 0; id < keys.tokens.size(); ++id) {
    const auto type = static_cast<Type>(keys.token_types[id]);
    if (type == Type::kControl || type == Type::kUserDefined) {
      added.push_back({{"id", id},
                       {"content", keys.tokens[id]},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false},
                       {"special", type == Type::kControl}});
    }
    // Added tokens too: readers number one that the vocabulary lacks behind it, whatever its id says.
    if (const auto [same, fresh] = vocabulary.emplace(keys.tokens[id], id); !fresh) {
      return bad_data(source + kKeys + "tokens: token " + std::to_string(id) + " is token " + same.value().dump() +
                      " again");
    }
  }
  Json post_processor = bytes_section(true);
  if (keys.bos && keys.add_bos.value_or(words.add_bos)) {
    IPR_ASSIGN(const std::int32_t bos, token_id(*keys.bos, "bos_token_id", keys, source));
    const Json bos_first = bos_section(keys.tokens[static_cast<std::size_t>(bos)], bos);
    post_processor = {{"type", "Sequence"}, {"processors", Json::array({post_processor, bos_first})}};
  }
  return Json{{"version", "1.0"},
              {"truncation", nullptr},
              {"padding", nullptr},
              {"added_tokens", added},
              {"normalizer", words.normalizer},
              {"pre_tokenizer", words.pre_tokenizer},
              {"post_processor", post_processor},
              {"decoder", bytes_section(true)},
              {"model",
               {{"type", "BPE"},
                {"dropout", nullptr},
                {"unk_token", nullptr},
                {"continuing_subword_prefix", nullptr},
                {"end_of_word_suffix", nullptr},
                {"fuse_unk", false},
                {"byte_fallback", false},
                {"ignore_merges", words.ignore_merges},
                {"vocab", vocabulary},
                {"merges", keys.merges}}}};
}

Result<SentencePieceModel> gguf_sentencepiece(const GgufTokenizer& keys, const std::string& source) {
  if (keys.model != "llama") {
    return bad_data(source + kKeys + "model: " + dump_brief(keys.model) +
                    " is not supported; supported: gpt2 (byte-level BPE) and "
                    "llama (SentencePiece BPE)");
  }
  IPR_TRY(check_sizes(keys, source));
  SentencePieceModel model;
  model.pieces.reserve(keys.tokens.size());
  for (std::size_t id = 0; id < keys.tokens.size(); ++id) {
    const std::int32_t type = keys.token_types[id];
    if (type < 1 || type > 6) {
      return bad_data(source + kKeys + "token_type: token " + std::to_string(id) + " has the type " +
                      std::to_string(type) + ", which is not known");
    }
    const bool unused = static_cast<Type>(type) == Type::kUnused;
    model.pieces.push_back({keys.tokens[id], keys.scores[id], unused ? Type::kNormal : static_cast<Type>(type)});
  }
  model.byte_fallback = std::any_of(model.pieces.begin(), model.pieces.end(),
                                    [](const auto& piece) { return piece.type == Type::kByte; });
  model.user_defined_are_added = true;
  model.spacing.add_dummy_prefix = keys.add_space_prefix.value_or(true);
  model.spacing.remove_extra_whitespaces = keys.remove_extra_whitespaces.value_or(false);
  if (keys.bos && keys.add_bos.value_or(true)) {
    IPR_ASSIGN(model.bos, token_id(*keys.bos, "bos_token_id", keys, source));
  }
  IPR_TRY(check_sentencepiece(model, source));
  return model;
}

}  // namespace ipr::text
