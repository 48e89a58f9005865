#include "core/text/json_section.h"

#include "core/base/strings.h"

namespace ipr::text {
namespace {

constexpr int kMostDepth = 64;  // real files nest eight deep

}  // namespace

const Json& member(const Json& object, const char* name) {
  static const Json kAbsent;
  if (!object.is_object()) return kAbsent;
  const auto found = object.find(name);
  return found == object.end() ? kAbsent : *found;
}

std::string type_of(const Json& section) {
  const Json& type = member(section, "type");
  return type.is_string() ? type.get<std::string>() : std::string();
}

bool is_off(const Json& value) {
  return value.is_null() || value == false || value == "" || value == 0;
}

Result<bool> flag(const Json& section, const char* name, bool otherwise, const std::string& where) {
  const auto value = section.find(name);
  if (value == section.end()) return otherwise;
  if (!value->is_boolean()) return expected(where + "." + name, "true or false", *value);
  return value->get<bool>();
}

std::string shown(const Json& value) {
  std::string text = dump_line(value);
  if (text.size() <= 60) return text;
  return valid_utf8(std::string_view(text).substr(0, 57)) + "…";
}

Status expected(const std::string& where, const std::string& what, const Json& found) {
  return bad_data(where + ": expected " + what + ", found " + shown(found));
}

std::string literal_pattern(std::string_view literal) {
  std::string pattern;
  for (const char c : literal) {
    // In PCRE2 a backslash before any ASCII character that is no letter or digit takes that character literally.
    const bool plain = static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                       (c >= 'A' && c <= 'Z');
    if (!plain) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

Result<std::string> pattern_of(const Json& section, const std::string& where) {
  const Json& pattern = member(section, "pattern");
  const bool known = pattern.is_object() && pattern.size() == 1 && pattern.front().is_string() &&
                     (pattern.contains("Regex") || pattern.contains("String"));
  if (!known) return bad_data(where + R"(.pattern: expected {"Regex": "…"} or {"String": "…"})");
  const auto source = pattern.front().get<std::string>();
  return pattern.contains("Regex") ? source : literal_pattern(source);
}

Status check_depth(std::string_view text, const std::string& source) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostDepth) {
        return bad_data(source + ": byte " + std::to_string(i) + ": lists and objects nest deeper than " +
                        std::to_string(kMostDepth) + "; this is no tokenizer file");
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return {};
}

}  // namespace ipr::text
