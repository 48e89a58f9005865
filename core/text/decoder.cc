#include "core/text/decoder.h"

#include "core/text/byte_level.h"
#include "core/text/json_section.h"
#include "core/text/sentencepiece.h"

namespace ipr::text {
namespace {

std::string replace_all(std::string_view text, std::string_view what, std::string_view by) {
  std::string replaced;
  for (std::size_t found = text.find(what); found != std::string_view::npos; found = text.find(what)) {
    replaced += text.substr(0, found);
    replaced += by;
    text.remove_prefix(found + what.size());
  }
  replaced += text;
  return replaced;
}

}  // namespace

Result<Decoder> Decoder::from_json(const Json& section, const std::string& where) {
  Decoder made;
  if (type_of(section) == "ByteLevel") {
    made.byte_level_ = true;
    return made;
  }
  const bool sequence = type_of(section) == "Sequence";
  if (!sequence) {
    IPR_TRY(made.add(section, where));
    return made;
  }
  const Json& parts = member(section, "decoders");
  if (!parts.is_array()) return expected(where + ".decoders", "a list of decoders", parts);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    IPR_TRY(made.add(parts[i], where + ".decoders[" + std::to_string(i) + "]"));
  }
  return made;
}

Status Decoder::add(const Json& section, const std::string& where) {
  const std::string type = type_of(section);
  if (type == "Replace") return add_replace(section, where);
  if (type == "Strip") return add_strip(section, where);
  if (type == "ByteFallback" && !byte_fallback_ && !fuses_) {
    byte_fallback_ = true;
    return {};
  }
  if (type == "Fuse" && !fuses_) {
    fuses_ = true;
    return {};
  }
  if (type.empty()) return expected(where, "a decoder with a type", section);
  return bad_data(where + ": the decoder " + dump_brief(type) +
                  " is not supported here; supported: ByteLevel, or a Sequence of Replace, ByteFallback, Fuse, Strip");
}

Status Decoder::add_replace(const Json& section, const std::string& where) {
  const Json& pattern = member(member(section, "pattern"), "String");
  const Json& content = member(section, "content");
  if (!pattern.is_string() || pattern == "") return expected(where + ".pattern", R"({"String": "…"})", pattern);
  if (!content.is_string()) return expected(where + ".content", "a text", content);
  if (byte_fallback_ || fuses_) return bad_data(where + ": Replace is supported in front of the other decoders only");
  replaced_.emplace_back(pattern.get<std::string>(), content.get<std::string>());
  return {};
}

Status Decoder::add_strip(const Json& section, const std::string& where) {
  // Without Fuse in front it would act on each token.
  if (!fuses_ || strips_blank_) return bad_data(where + ": Strip is supported once, behind Fuse");
  const Json& start = member(section, "start");
  if (member(section, "content") != " " || !(start == 0 || start == 1) || member(section, "stop") != 0) {
    return expected(where, R"({"content": " ", "start": 1, "stop": 0})", section);
  }
  strips_blank_ = start == 1;
  return {};
}

std::string Decoder::bytes_of(std::string_view token) const {
  // A token outside the byte alphabet stands for its own text, as in Hugging Face.
  if (byte_level_) return from_symbols(token).value_or(std::string(token));
  if (const int byte = byte_fallback_ ? byte_of_piece(token) : -1; byte >= 0) {
    return std::string(1, static_cast<char>(byte));
  }
  std::string text(token);
  for (const auto& [what, by] : replaced_) text = replace_all(text, what, by);
  return text;
}

}  // namespace ipr::text
