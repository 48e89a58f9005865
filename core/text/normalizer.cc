#include "core/text/normalizer.h"

#include <algorithm>

#include "core/base/strings.h"
#include "core/text/base64.h"
#include "core/text/json_section.h"
#include "core/text/nfc.h"
#include "core/text/utf8.h"

namespace ipr::text {

Result<Normalizer> Normalizer::from_json(const Json& section, const std::string& where) {
  Normalizer made;
  if (section.is_null()) return made;
  IPR_TRY(made.add(section, where));
  return made;
}

Normalizer Normalizer::sentencepiece(Charsmap map, SentencePieceSpacing spacing, std::vector<AddedToken> user_defined) {
  Normalizer made;
  made.steps_.emplace_back(SentencePiece{std::move(map), spacing, AddedTokenFinder(std::move(user_defined))});
  return made;
}

bool Normalizer::takes_bytes() const {
  return steps_.size() == 1 && std::holds_alternative<SentencePiece>(steps_[0]);
}

Status Normalizer::add(const Json& section, const std::string& where) {
  if (type_of(section) != "Sequence") {
    IPR_ASSIGN(Step step, read_step(section, where));
    steps_.push_back(std::move(step));
    return {};
  }
  const Json& parts = member(section, "normalizers");
  if (!parts.is_array()) return expected(where + ".normalizers", "a list of normalizers", parts);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    IPR_TRY(add(parts[i], where + ".normalizers[" + std::to_string(i) + "]"));
  }
  return {};
}

Result<Normalizer::Step> Normalizer::read_step(const Json& section, const std::string& where) {
  const std::string type = type_of(section);
  if (type == "NFC") return Step(Nfc{});
  if (type == "Replace") return read_replace(section, where);
  if (type == "Prepend") {
    const Json& content = member(section, "prepend");
    if (!content.is_string()) return expected(where + ".prepend", "a text", content);
    return Step(Prepend{content.get<std::string>()});
  }
  if (type == "Precompiled") {
    const Json& blob = member(section, "precompiled_charsmap");
    const auto bytes = blob.is_string() ? from_base64(blob.get<std::string>()) : std::nullopt;
    if (!bytes) return expected(where + ".precompiled_charsmap", "bytes in base64", blob);
    IPR_ASSIGN(Charsmap map, Charsmap::read(*bytes, where + ".precompiled_charsmap"));
    return Step(std::move(map));
  }
  if (type.empty()) return expected(where, "a normalizer with a type", section);
  return bad_data(where + ": the normalizer " + dump_brief(type) +
                  " is not supported; supported: Sequence, Prepend, Replace, NFC, Precompiled");
}

Result<Normalizer::Step> Normalizer::read_replace(const Json& section, const std::string& where) {
  Replace step;
  IPR_ASSIGN(const std::string pattern, pattern_of(section, where));
  const Json& content = member(section, "content");
  if (!content.is_string()) return expected(where + ".content", "a text", content);
  step.content = content.get<std::string>();
  if (section["pattern"].contains("String")) {
    step.literal = section["pattern"]["String"].get<std::string>();
    if (step.literal.empty()) return bad_data(where + ".pattern: an empty text cannot be replaced");
    return Step(std::move(step));
  }
  IPR_ASSIGN(step.pattern, Regex::compile(pattern, where + ".pattern"));
  return Step(std::move(step));
}

std::string Normalizer::apply(std::string_view text, Place place) const {
  std::string now(text);
  for (const Step& step : steps_) {
    now = std::visit([&](const auto& known) { return applied(known, now, place); }, step);
  }
  return now;
}

std::string Normalizer::applied(const Prepend& step, std::string_view text, Place place) {
  if (text.empty() || place == Place::kInside) return std::string(text);
  return step.content + std::string(text);
}

std::string Normalizer::applied(const Replace& step, std::string_view text, Place /*place*/) {
  std::string replaced;
  replaced.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t begin = std::string_view::npos;
    std::size_t end = 0;
    if (!step.pattern) {
      begin = text.find(step.literal, at);
      end = begin + step.literal.size();
    } else if (const auto match = step.pattern->find(text, at); match && match->end > at) {
      begin = match->begin;
      end = match->end;
    }
    if (begin == std::string_view::npos) break;
    replaced += text.substr(at, begin - at);
    replaced += step.content;
    at = end;
  }
  replaced += text.substr(at);
  return replaced;
}

std::string Normalizer::applied(const Nfc& /*step*/, std::string_view text, Place /*place*/) {
  return to_nfc(text);
}

std::string Normalizer::applied(const Charsmap& step, std::string_view text, Place /*place*/) {
  std::string mapped;
  mapped.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(1, first_char(text).length);
    const Charsmap::Rule rule = step.longest(text).value_or(Charsmap::Rule{length, text.substr(0, length)});
    mapped += rule.replacement;
    text.remove_prefix(rule.length);
  }
  return valid_utf8(mapped);  // what a map writes need not be
}

Charsmap::Rule Normalizer::SentencePiece::next(std::string_view text) const {
  if (const std::size_t length = user_defined.length_at(text, 0); length > 0) return {length, text.substr(0, length)};
  if (const auto rule = map.longest(text)) return *rule;
  const std::size_t length = first_char(text).length;
  // A map may have a rule for U+FFFD; a byte that is no character is written so behind its back.
  return length == 0 ? Charsmap::Rule{1, "\xEF\xBF\xBD"} : Charsmap::Rule{length, text.substr(0, length)};
}

std::string Normalizer::applied(const SentencePiece& step, std::string_view text, Place place) {
  const bool trims = step.spacing.remove_extra_whitespaces;
  const std::string_view blank = step.spacing.escape_whitespaces ? kBlankSymbol : " ";
  if (trims && place != Place::kInside) {
    while (!text.empty()) {
      const Charsmap::Rule first = step.next(text);
      if (first.replacement != " ") break;
      text.remove_prefix(first.length);
    }
  }
  std::string made;
  if (text.empty()) return made;
  made.reserve(text.size() + text.size() / 2);
  if (step.spacing.add_dummy_prefix && place != Place::kInside) made += blank;
  bool after_blank = trims && place != Place::kInside;
  while (!text.empty()) {
    const Charsmap::Rule rule = step.next(text);
    text.remove_prefix(rule.length);
    std::string_view part = rule.replacement;
    while (after_blank && part.starts_with(' ')) part.remove_prefix(1);
    for (const char c : part) {
      if (c == ' ') {
        made += blank;
      } else {
        made += c;
      }
    }
    if (!part.empty()) after_blank = trims && part.ends_with(' ');
  }
  while (trims && place != Place::kInside && std::string_view(made).ends_with(blank)) {
    made.resize(made.size() - blank.size());
  }
  return step.map.empty() ? made : valid_utf8(made);
}

}  // namespace ipr::text
