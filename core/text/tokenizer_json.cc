#include "core/text/tokenizer_json.h"

#include <algorithm>
#include <unordered_map>

#include "core/text/byte_level.h"
#include "core/text/decoder.h"
#include "core/text/json_section.h"
#include "core/text/sentencepiece.h"

namespace ipr::text {
namespace {

constexpr std::int64_t kIdLimit = std::int64_t{1} << 21;  // far above any vocabulary: a wilder id is a broken file
constexpr std::int64_t kIdSlack = std::int64_t{1} << 16;  // ids that a small file may leave out

using TokenIds = std::unordered_map<std::string, std::int32_t>;

Status not_supported(const std::string& where, const Json& value) {
  return bad_data(where + ": " + dump_brief(value) +
                  " is not supported; byte-level BPE files are (GPT-2, Llama 3, Qwen2, SmolLM2), and BPE files in "
                  "SentencePiece's manner (Llama 2, Mistral)");
}

// What is read before it is known whether the parts fit together.
struct Reading {
  TokenizerParts parts;
  TokenIds ids;               // of the model's vocabulary
  std::int64_t id_limit = 0;  // memory goes with the largest id, which must not go far beyond the file's size
  bool byte_fallback = false;
};

bool is_id(const Json& value, std::int64_t limit) {
  return value.is_number_integer() && value >= 0 && value < limit;
}

Result<std::int32_t> read_id(const Json& value, std::int64_t limit, const std::string& where) {
  if (!is_id(value, limit)) return expected(where, "an id from 0 to " + std::to_string(limit - 1), value);
  return value.get<std::int32_t>();
}

Status put_token(const std::string& token, std::int32_t id, const std::string& where, TokenizerParts& parts) {
  if (token.empty()) return bad_data(where + ": a token without text");
  if (parts.tokens.size() <= static_cast<std::size_t>(id)) parts.tokens.resize(id + 1);
  std::string& place = parts.tokens[id];
  if (!place.empty() && place != token) {
    return bad_data(where + ": id " + std::to_string(id) + " is taken by " + dump_brief(place) + " and by " +
                    dump_brief(token));
  }
  place = token;
  return {};
}

Status read_vocabulary(const Json& model, const std::string& where, Reading& reading) {
  const Json& vocabulary = member(model, "vocab");
  if (!vocabulary.is_object() || vocabulary.empty())
    return expected(where, "an object of tokens and their ids", vocabulary);
  for (const auto& [token, value] : vocabulary.items()) {
    // Places are put into words only where they are needed: there are as many as tokens.
    if (!is_id(value, reading.id_limit))
      return read_id(value, reading.id_limit, where + "[" + dump_brief(token) + "]").status();
    const auto id = value.get<std::int32_t>();
    IPR_TRY(put_token(token, id, where, reading.parts));
    reading.ids.emplace(token, id);
  }
  reading.parts.in_vocabulary.resize(reading.parts.tokens.size());
  for (const auto& [token, id] : reading.ids) reading.parts.in_vocabulary[id] = true;
  return {};
}

// Both forms of a merge: "a b" and, since tokens may hold blanks, ["a", "b"].
Result<std::pair<std::string, std::string>> read_pair(const Json& merge, const std::string& where) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return std::pair(merge[0].get<std::string>(), merge[1].get<std::string>());
  }
  if (merge.is_string()) {
    const auto text = merge.get<std::string>();
    const auto blank = text.find(' ');
    if (blank != std::string::npos && text.find(' ', blank + 1) == std::string::npos) {
      return std::pair(text.substr(0, blank), text.substr(blank + 1));
    }
  }
  return expected(where, R"("a b" or ["a", "b"])", merge);
}

Status read_merges(const Json& model, const std::string& where, Reading& reading) {
  const Json& merges = member(model, "merges");
  if (!merges.is_array()) return expected(where, "a list of merges", merges);
  reading.parts.merges.reserve(merges.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const std::string place = where + "[" + std::to_string(i) + "]";
    IPR_ASSIGN(const auto pair, read_pair(merges[i], place));
    Merge merge;
    for (const auto& [token, id] : {std::pair(pair.first, &merge.left), std::pair(pair.second, &merge.right),
                                    std::pair(pair.first + pair.second, &merge.merged)}) {
      const auto found = reading.ids.find(token);
      if (found == reading.ids.end())
        return bad_data(place + ": the token " + dump_brief(token) + " is not in model.vocab");
      *id = found->second;
    }
    reading.parts.merges.push_back({merge, static_cast<std::uint32_t>(i)});
  }
  return {};
}

Status read_unknown(const Json& model, const std::string& where, Reading& reading) {
  UnknownChar& unknown = reading.parts.unknown;
  unknown.byte_ids.fill(-1);
  if (reading.byte_fallback) {
    for (const auto& [token, id] : reading.ids) {
      if (const int byte = byte_of_piece(token); byte >= 0) unknown.byte_ids[byte] = id;
    }
  }
  const Json& token = member(model, "unk_token");
  if (is_off(token)) return {};
  const auto found = token.is_string() ? reading.ids.find(token.get<std::string>()) : reading.ids.end();
  if (found == reading.ids.end()) return expected(where, "a token of model.vocab", token);
  unknown.id = found->second;
  return {};
}

Status read_model(const Json& model, const std::string& where, Reading& reading) {
  if (!model.is_object()) return expected(where, "an object", model);
  // GPT-2's own file names no type.
  const Json& type = member(model, "type");
  if (!type.is_null() && type != "BPE") return not_supported(where + ".type", type);
  for (const char* name : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!is_off(member(model, name))) return not_supported(where + "." + name, member(model, name));
  }
  for (const auto& [name, value] : {std::pair("ignore_merges", &reading.parts.ignore_merges),
                                    {"fuse_unk", &reading.parts.unknown.fuse},
                                    {"byte_fallback", &reading.byte_fallback}}) {
    const Json& flag = member(model, name);
    if (!is_off(flag) && !flag.is_boolean()) return expected(where + "." + name, "true or false", flag);
    *value = !is_off(flag);
  }
  IPR_TRY(read_vocabulary(model, where + ".vocab", reading));
  IPR_TRY(read_merges(model, where + ".merges", reading));
  return read_unknown(model, where + ".unk_token", reading);
}

Status read_added_token(const Json& entry, const std::string& where, Reading& reading) {
  if (!entry.is_object()) return expected(where, "an object", entry);
  AddedToken token;
  const Json& content = member(entry, "content");
  if (!content.is_string() || content == "") return expected(where + ".content", "a text", content);
  token.content = content.get<std::string>();
  IPR_ASSIGN(token.id, read_id(member(entry, "id"), reading.id_limit, where + ".id"));
  for (const char* name : {"single_word", "lstrip", "rstrip"}) {
    if (!is_off(member(entry, name))) return not_supported(where + "." + name, member(entry, name));
  }
  token.special = member(entry, "special") == true;
  // Hugging Face's default: ordinary tokens are looked for in normalized text, special ones in the text as it is.
  const Json& normalized = member(entry, "normalized");
  token.normalized = normalized.is_boolean() ? normalized == true : !token.special;
  const auto known = reading.ids.find(token.content);
  if (known != reading.ids.end() && known->second != token.id) {
    return bad_data(where + ": " + dump_brief(token.content) + " has id " + std::to_string(token.id) + " here and " +
                    std::to_string(known->second) + " in model.vocab");
  }
  IPR_TRY(put_token(token.content, token.id, where, reading.parts));
  reading.parts.added.push_back(std::move(token));
  return {};
}

// The ids that a TemplateProcessing section puts in front of a text.
Status read_template(const Json& section, const std::string& where, TokenizerParts& parts) {
  const Json& pieces = member(section, "single");
  if (pieces.is_null()) return {};
  if (!pieces.is_array()) return expected(where + ".single", "a list", pieces);
  for (const Json& piece : pieces) {
    if (!piece.is_object()) return expected(where + ".single", "a list of SpecialToken and Sequence", piece);
    if (piece.contains("Sequence")) return {};
    const Json& name = member(member(piece, "SpecialToken"), "id");
    if (!name.is_string()) return expected(where + ".single", "a list of SpecialToken and Sequence", piece);
    const Json& ids = member(member(member(section, "special_tokens"), name.get<std::string>().c_str()), "ids");
    if (!ids.is_array()) return expected(where + ".special_tokens[" + dump_brief(name) + "].ids", "a list of ids", ids);
    for (const Json& id : ids) {
      IPR_ASSIGN(const std::int32_t known, read_id(id, static_cast<std::int64_t>(parts.tokens.size()),
                                                   where + ".special_tokens[" + dump_brief(name) + "].ids"));
      parts.prefix_ids.push_back(known);
    }
  }
  return {};
}

// A post-processor adds tokens around Hugging Face's inputs. Only what it puts in front is kept; its type is looked at
// to know that it does nothing else.
Status read_post_processor(const Json& section, const std::string& where, TokenizerParts& parts) {
  if (section.is_null()) return {};
  if (!section.is_object()) return expected(where, "an object", section);
  const std::string type = type_of(section);
  if (type == "ByteLevel") return {};
  if (type == "TemplateProcessing") return read_template(section, where, parts);
  if (type != "Sequence") return not_supported(where + ".type", member(section, "type"));
  for (const Json& part : member(section, "processors")) {
    const std::string part_type = type_of(part);
    if (part_type != "ByteLevel" && part_type != "TemplateProcessing")
      return not_supported(where + ".processors", part);
    if (part_type == "TemplateProcessing") IPR_TRY(read_template(part, where + ".processors", parts));
  }
  return {};
}

// What each id stands for. An added token stands for its own text, as normalized if it is found in normalized text:
// that is where its blanks are.
void decode_tokens(const Decoder& decoder, TokenizerParts& parts) {
  const std::size_t size = parts.tokens.size();
  parts.in_vocabulary.resize(size, false);
  parts.hidden.resize(size, false);
  parts.bytes.reserve(size);
  for (const std::string& token : parts.tokens) parts.bytes.push_back(decoder.bytes_of(token));
  for (const AddedToken& token : parts.added) {
    const std::string text = token.normalized ? parts.normalizer.apply(token.content, Place::kStart) : token.content;
    parts.bytes[token.id] = decoder.byte_level() ? text : decoder.bytes_of(text);
    parts.hidden[token.id] = token.special;
  }
  parts.blank_first.resize(size, false);
  for (std::size_t id = 0; id < size; ++id) parts.blank_first[id] = parts.bytes[id].starts_with(' ');
  if (decoder.strips_blank()) parts.first_blank = TokenizerParts::FirstBlank::kLeftOut;
}

}  // namespace

Result<TokenizerParts> read_tokenizer_json(const Json& json, const std::string& source) {
  if (!json.is_object()) return expected(source, "a tokenizer.json object", json);
  if (!json.contains("model")) return bad_data(source + ": no \"model\": this is no tokenizer.json");
  const Json& added = member(json, "added_tokens");
  if (!added.is_null() && !added.is_array()) return expected(source + ": added_tokens", "a list", added);
  Reading reading;
  const auto listed = static_cast<std::int64_t>(member(json["model"], "vocab").size() + added.size());
  reading.id_limit = std::min(kIdLimit, 2 * listed + kIdSlack);
  IPR_TRY(read_model(json["model"], source + ": model", reading));
  for (std::size_t i = 0; i < added.size(); ++i) {
    IPR_TRY(read_added_token(added[i], source + ": added_tokens[" + std::to_string(i) + "]", reading));
  }

  TokenizerParts& parts = reading.parts;
  IPR_ASSIGN(parts.normalizer, Normalizer::from_json(member(json, "normalizer"), source + ": normalizer"));
  IPR_ASSIGN(parts.pre_tokenizer, PreTokenizer::from_json(member(json, "pre_tokenizer"), source + ": pre_tokenizer"));
  IPR_TRY(read_post_processor(member(json, "post_processor"), source + ": post_processor", parts));
  IPR_ASSIGN(const Decoder decoder, Decoder::from_json(member(json, "decoder"), source + ": decoder"));
  parts.byte_level = decoder.byte_level();
  if (parts.byte_level != parts.pre_tokenizer.byte_level()) {
    return bad_data(source + ": pre_tokenizer and decoder: ByteLevel must be in both of them or in neither");
  }
  if (parts.byte_level && reading.byte_fallback)
    return not_supported(source + ": model.byte_fallback with ByteLevel", true);
  decode_tokens(decoder, parts);
  return std::move(reading.parts);
}

Json write_tokenizer_json(const std::vector<AddedToken>& added, const std::array<std::int32_t, 256>& byte_ids,
                          const std::vector<Merge>& merges, const Json& pre_tokenizer) {
  Json vocabulary = Json::object();
  Json added_list = Json::array();
  std::unordered_map<std::int32_t, std::string> symbols;
  for (int byte = 0; byte < 256; ++byte) {
    symbols[byte_ids[byte]] = byte_symbol(static_cast<std::uint8_t>(byte));
    vocabulary[symbols[byte_ids[byte]]] = byte_ids[byte];
  }
  // Hugging Face gives an added token that the vocabulary lacks the next free id, so that theirs must be in it.
  for (const AddedToken& token : added) {
    vocabulary[token.content] = token.id;
    added_list.push_back({{"id", token.id},
                          {"content", token.content},
                          {"single_word", false},
                          {"lstrip", false},
                          {"rstrip", false},
                          {"normalized", token.normalized},
                          {"special", token.special}});
  }
  // As "a b", which every version of Hugging Face's library reads; the byte alphabet has no blank.
  Json merge_list = Json::array();
  for (const Merge& merge : merges) {
    symbols[merge.merged] = symbols[merge.left] + symbols[merge.right];
    vocabulary[symbols[merge.merged]] = merge.merged;
    merge_list.push_back(symbols[merge.left] + " " + symbols[merge.right]);
  }
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_list},
          {"normalizer", nullptr},
          {"pre_tokenizer", pre_tokenizer},
          {"post_processor", nullptr},
          {"decoder", bytes},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocabulary},
            {"merges", merge_list}}}};
}

}  // namespace ipr::text
