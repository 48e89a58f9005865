#include "core/text/tokenizer_json.h"

#include <algorithm>
#include <unordered_map>

#include "core/base/strings.h"
#include "core/text/byte_level.h"

namespace ipr::text {
namespace {

constexpr std::int64_t kIdLimit = std::int64_t{1} << 21;  // far above any vocabulary: a wilder id is a broken file

using TokenIds = std::unordered_map<std::string, std::int32_t>;

// The start of a value, for messages.
std::string shown(const Json& value) {
  std::string text = dump_line(value);
  if (text.size() <= 60) return text;
  return valid_utf8(std::string_view(text).substr(0, 57)) + "…";
}

Status expected(const std::string& where, const std::string& what, const Json& found) {
  return bad_data(where + ": expected " + what + ", found " + shown(found));
}

Status not_supported(const std::string& where, const Json& value) {
  return bad_data(where + ": " + shown(value) +
                  " is not supported; byte-level BPE files are (GPT-2, Llama 3, SmolLM2)");
}

const Json& member(const Json& object, const char* name) {
  static const Json kAbsent;  // null: most of a tokenizer file's members say "not used" that way
  const auto found = object.find(name);
  return found == object.end() ? kAbsent : *found;
}

// How tokenizer files write that an option is not used.
bool is_off(const Json& value) {
  return value.is_null() || value == false || value == "" || value == 0;
}

Result<std::int32_t> read_id(const Json& value, const std::string& where) {
  const bool fits = value.is_number_integer() && value >= 0 && value < kIdLimit;
  if (!fits) return expected(where, "an id from 0 to " + std::to_string(kIdLimit - 1), value);
  return value.get<std::int32_t>();
}

Status put_token(const std::string& token, std::int32_t id, const std::string& where, TokenizerFile& file) {
  if (token.empty()) return bad_data(where + ": a token without text");
  if (file.tokens.size() <= static_cast<std::size_t>(id)) file.tokens.resize(id + 1);
  std::string& place = file.tokens[id];
  if (!place.empty() && place != token) {
    return bad_data(where + ": id " + std::to_string(id) + " is taken by \"" + place + "\" and by \"" + token + "\"");
  }
  place = token;
  return {};
}

Status read_vocabulary(const Json& model, const std::string& where, TokenizerFile& file, TokenIds& ids) {
  const Json& vocabulary = member(model, "vocab");
  if (!vocabulary.is_object() || vocabulary.empty())
    return expected(where, "an object of tokens and their ids", vocabulary);
  for (const auto& [token, value] : vocabulary.items()) {
    const std::string place = where + "[" + Json(token).dump() + "]";
    IPR_ASSIGN(const std::int32_t id, read_id(value, place));
    IPR_TRY(put_token(token, id, place, file));
    ids.emplace(token, id);
  }
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

Status read_merges(const Json& model, const std::string& where, const TokenIds& ids, TokenizerFile& file) {
  const Json& merges = member(model, "merges");
  if (!merges.is_array()) return expected(where, "a list of merges", merges);
  file.merges.reserve(merges.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const std::string place = where + "[" + std::to_string(i) + "]";
    IPR_ASSIGN(const auto pair, read_pair(merges[i], place));
    Merge merge;
    for (const auto& [token, id] : {std::pair(pair.first, &merge.left), std::pair(pair.second, &merge.right),
                                    std::pair(pair.first + pair.second, &merge.merged)}) {
      const auto found = ids.find(token);
      if (found == ids.end()) return bad_data(place + ": the token \"" + token + "\" is not in model.vocab");
      *id = found->second;
    }
    file.merges.push_back(merge);
  }
  return {};
}

Status read_model(const Json& model, const std::string& where, TokenizerFile& file, TokenIds& ids) {
  if (!model.is_object()) return expected(where, "an object", model);
  // GPT-2's own file names no type.
  const Json& type = member(model, "type");
  if (!type.is_null() && type != "BPE") return not_supported(where + ".type", type);
  for (const char* name : {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"}) {
    if (!is_off(member(model, name))) return not_supported(where + "." + name, member(model, name));
  }
  for (const auto& [name, value] :
       {std::pair("ignore_merges", &file.ignore_merges), {"fuse_unk", &file.unknown.fuse}}) {
    const Json& flag = member(model, name);
    if (!is_off(flag) && !flag.is_boolean()) return expected(where + "." + name, "true or false", flag);
    *value = !is_off(flag);
  }
  IPR_TRY(read_vocabulary(model, where + ".vocab", file, ids));
  IPR_TRY(read_merges(model, where + ".merges", ids, file));
  const Json& unknown = member(model, "unk_token");
  if (is_off(unknown)) return {};
  const auto found = unknown.is_string() ? ids.find(unknown.get<std::string>()) : ids.end();
  if (found == ids.end()) return expected(where + ".unk_token", "a token of model.vocab", unknown);
  file.unknown.id = found->second;
  return {};
}

Status read_added_token(const Json& entry, const std::string& where, const TokenIds& ids, TokenizerFile& file) {
  if (!entry.is_object()) return expected(where, "an object", entry);
  AddedToken token;
  const Json& content = member(entry, "content");
  if (!content.is_string() || content == "") return expected(where + ".content", "a text", content);
  token.content = content.get<std::string>();
  IPR_ASSIGN(token.id, read_id(member(entry, "id"), where + ".id"));
  for (const char* name : {"single_word", "lstrip", "rstrip"}) {
    if (!is_off(member(entry, name))) return not_supported(where + "." + name, member(entry, name));
  }
  token.special = member(entry, "special") == true;
  // Hugging Face's default: ordinary tokens are looked for in normalized text, special ones in the text as it is.
  const Json& normalized = member(entry, "normalized");
  token.normalized = normalized.is_boolean() ? normalized == true : !token.special;
  const auto known = ids.find(token.content);
  if (known != ids.end() && known->second != token.id) {
    return bad_data(where + ": \"" + token.content + "\" has id " + std::to_string(token.id) + " here and " +
                    std::to_string(known->second) + " in model.vocab");
  }
  IPR_TRY(put_token(token.content, token.id, where, file));
  file.added.push_back(std::move(token));
  return {};
}

// A post-processor adds tokens around Hugging Face's inputs; only its type matters, to know that it does nothing else.
Status check_post_processor(const Json& section, const std::string& where) {
  if (section.is_null()) return {};
  if (!section.is_object()) return expected(where, "an object", section);
  const Json& type = member(section, "type");
  if (type == "ByteLevel" || type == "TemplateProcessing") return {};
  if (type != "Sequence") return not_supported(where + ".type", type);
  for (const Json& part : member(section, "processors")) {
    const bool known =
        part.is_object() && (member(part, "type") == "ByteLevel" || member(part, "type") == "TemplateProcessing");
    if (!known) return not_supported(where + ".processors", part);
  }
  return {};
}

}  // namespace

Result<TokenizerFile> read_tokenizer_json(const Json& json, const std::string& source) {
  if (!json.is_object()) return expected(source, "a tokenizer.json object", json);
  if (!json.contains("model")) return bad_data(source + ": no \"model\": this is no tokenizer.json");
  TokenizerFile file;
  TokenIds ids;
  IPR_TRY(read_model(json["model"], source + ": model", file, ids));

  const Json& added = member(json, "added_tokens");
  if (!added.is_null() && !added.is_array()) return expected(source + ": added_tokens", "a list", added);
  for (std::size_t i = 0; i < added.size(); ++i) {
    IPR_TRY(read_added_token(added[i], source + ": added_tokens[" + std::to_string(i) + "]", ids, file));
  }

  if (!is_off(member(json, "normalizer"))) return not_supported(source + ": normalizer", member(json, "normalizer"));
  IPR_ASSIGN(file.pre_tokenizer, PreTokenizer::from_json(member(json, "pre_tokenizer"), source + ": pre_tokenizer"));
  IPR_TRY(check_post_processor(member(json, "post_processor"), source + ": post_processor"));
  const Json& decoder = member(json, "decoder");
  if (!decoder.is_object() || member(decoder, "type") != "ByteLevel")
    return not_supported(source + ": decoder", decoder);
  return file;
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
