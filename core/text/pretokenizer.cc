#include "core/text/pretokenizer.h"

#include "core/text/json_section.h"

namespace ipr::text {
namespace {

constexpr const char* kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kMixPattern = R"( ?[A-Za-z_]+| ?[0-9]+|[^A-Za-z0-9_]*[^A-Za-z0-9_ ]|\s+)";

}  // namespace

Result<PreTokenizer> PreTokenizer::from_json(const Json& section, const std::string& where) {
  PreTokenizer made;
  if (section.is_null()) return made;
  if (type_of(section) != "Sequence") {
    IPR_TRY(made.add(section, where, true));
    return made;
  }
  const auto parts = section.find("pretokenizers");
  if (parts == section.end() || !parts->is_array() || parts->empty()) {
    return bad_data(where + ".pretokenizers: expected a list of pre-tokenizers");
  }
  for (std::size_t i = 0; i < parts->size(); ++i) {
    IPR_TRY(made.add((*parts)[i], where + ".pretokenizers[" + std::to_string(i) + "]", i + 1 == parts->size()));
  }
  return made;
}

Status PreTokenizer::add(const Json& section, const std::string& where, bool last) {
  const std::string type = type_of(section);
  if (type == "ByteLevel") {
    // What follows it would see the byte alphabet in place of the text.
    if (!last) return bad_data(where + ": ByteLevel is supported as the last pre-tokenizer only");
    IPR_ASSIGN(const bool prefix, flag(section, "add_prefix_space", true, where));
    if (prefix) return bad_data(where + ".add_prefix_space: true is not supported");
    byte_level_ = true;
    IPR_ASSIGN(const bool use_regex, flag(section, "use_regex", true, where));
    if (!use_regex) return {};
    IPR_ASSIGN(Regex pattern, Regex::compile(kGpt2Pattern, where));
    stages_.push_back({std::move(pattern), Behavior::kIsolated, false});
    return {};
  }
  if (type == "Metaspace") return add_metaspace(section, where);
  IPR_ASSIGN(Stage stage, read_stage(section, where));
  stages_.push_back(std::move(stage));
  return {};
}

Status PreTokenizer::add_metaspace(const Json& section, const std::string& where) {
  if (metaspace_ || !stages_.empty())
    return bad_data(where + ": Metaspace is supported as the first pre-tokenizer only");
  Metaspace metaspace;
  const Json& symbol = member(section, "replacement");
  if (!symbol.is_string() || symbol == "") return expected(where + ".replacement", "a character", symbol);
  metaspace.symbol = symbol.get<std::string>();
  // Older files say add_prefix_space in place of prepend_scheme.
  IPR_ASSIGN(const bool prefix, flag(section, "add_prefix_space", true, where));
  const Json& scheme = member(section, "prepend_scheme");
  if (scheme.is_null()) {
    metaspace.prefix = prefix ? Prefix::kAlways : Prefix::kNever;
  } else if (scheme == "always" || scheme == "first" || scheme == "never") {
    metaspace.prefix = scheme == "always" ? Prefix::kAlways : scheme == "first" ? Prefix::kFirst : Prefix::kNever;
  } else {
    return expected(where + ".prepend_scheme", "always, first or never", scheme);
  }
  IPR_ASSIGN(const bool split, flag(section, "split", true, where));
  if (split) {
    IPR_ASSIGN(Regex pattern, Regex::compile(literal_pattern(metaspace.symbol), where));
    stages_.push_back({std::move(pattern), Behavior::kMergedWithNext, false});
  }
  metaspace_ = std::move(metaspace);
  return {};
}

Result<PreTokenizer::Stage> PreTokenizer::read_stage(const Json& section, const std::string& where) {
  const std::string type = type_of(section);
  if (type == "Split") return read_split(section, where);
  if (type == "Digits") {
    IPR_ASSIGN(const bool individual, flag(section, "individual_digits", false, where));
    IPR_ASSIGN(Regex pattern, Regex::compile(R"(\p{N})", where));
    return Stage{std::move(pattern), individual ? Behavior::kIsolated : Behavior::kContiguous, false};
  }
  if (type.empty()) return bad_data(where + ": expected a pre-tokenizer with a type, found " + dump_brief(section));
  return bad_data(where + ": the pre-tokenizer " + dump_brief(type) +
                  " is not supported; supported: Sequence, Split, Digits, ByteLevel, Metaspace");
}

Result<PreTokenizer::Stage> PreTokenizer::read_split(const Json& section, const std::string& where) {
  IPR_ASSIGN(const std::string pattern, pattern_of(section, where));
  IPR_ASSIGN(const bool invert, flag(section, "invert", false, where));
  IPR_ASSIGN(Regex regex, Regex::compile(pattern, where + ".pattern"));

  const auto value = section.find("behavior");
  const std::string name = value != section.end() && value->is_string() ? value->get<std::string>() : std::string();
  if (name == "Removed") return Stage{std::move(regex), Behavior::kRemoved, invert};
  if (name == "Isolated") return Stage{std::move(regex), Behavior::kIsolated, invert};
  if (name == "MergedWithPrevious") return Stage{std::move(regex), Behavior::kMergedWithPrevious, invert};
  if (name == "MergedWithNext") return Stage{std::move(regex), Behavior::kMergedWithNext, invert};
  if (name == "Contiguous") return Stage{std::move(regex), Behavior::kContiguous, invert};
  return bad_data(where +
                  ".behavior: expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, found " +
                  dump_brief(name));
}

std::string PreTokenizer::rewrite(std::string_view text, Place place) const {
  std::string rewritten;
  if (text.empty() || !metaspace_) return std::string(text);
  rewritten.reserve(text.size() + text.size() / 2);
  for (const char c : text) {
    if (c == ' ') {
      rewritten += metaspace_->symbol;
    } else {
      rewritten += c;
    }
  }
  const bool prefix = metaspace_->prefix == Prefix::kAlways  ? place != Place::kInside
                      : metaspace_->prefix == Prefix::kFirst ? place == Place::kStart
                                                             : false;
  if (prefix && !rewritten.starts_with(metaspace_->symbol)) rewritten.insert(0, metaspace_->symbol);
  return rewritten;
}

void PreTokenizer::split(std::string_view text, std::vector<std::string_view>& pieces) const {
  if (text.empty()) return;
  std::vector<std::string_view> now{text};
  for (const Stage& stage : stages_) {
    std::vector<std::string_view> next;
    next.reserve(now.size() + text.size() / 4);
    for (const std::string_view piece : now) cut(stage, piece, next);
    now = std::move(next);
  }
  pieces.insert(pieces.end(), now.begin(), now.end());
}

bool PreTokenizer::joins(Behavior behavior, bool previous_matched, bool matched) {
  switch (behavior) {
    case Behavior::kMergedWithPrevious:
      return matched && !previous_matched;
    case Behavior::kMergedWithNext:
      return previous_matched && !matched;
    case Behavior::kContiguous:
      return matched == previous_matched;
    case Behavior::kRemoved:
    case Behavior::kIsolated:
      break;
  }
  return false;
}

void PreTokenizer::cut(const Stage& stage, std::string_view text, std::vector<std::string_view>& pieces) {
  const std::size_t first = pieces.size();
  bool previous_matched = false;
  const auto put = [&](std::size_t begin, std::size_t end, bool matched) {
    if (begin == end) return;
    const std::string_view part = text.substr(begin, end - begin);
    if (pieces.size() > first && joins(stage.behavior, previous_matched, matched)) {
      pieces.back() = std::string_view(pieces.back().data(), pieces.back().size() + part.size());
    } else if (!matched || stage.behavior != Behavior::kRemoved) {
      pieces.push_back(part);
    }
    previous_matched = matched;
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const auto match = stage.pattern.find(text, at);
    if (!match || match->end <= at) break;
    put(at, match->begin, stage.invert);
    put(match->begin, match->end, !stage.invert);
    at = match->end;
  }
  put(at, text.size(), stage.invert);
}

Json gpt2_digits_section() {
  const Json digits = {{"type", "Digits"}, {"individual_digits", true}};
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  return {{"type", "Sequence"}, {"pretokenizers", Json::array({digits, bytes})}};
}

Json mix_section() {
  const Json words = {
      {"type", "Split"}, {"pattern", {{"Regex", kMixPattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
  return {{"type", "Sequence"}, {"pretokenizers", Json::array({words, bytes})}};
}

}  // namespace ipr::text
