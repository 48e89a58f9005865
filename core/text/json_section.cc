#include "core/text/json_section.h"

namespace ipr::text {
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

Status expected(const std::string& where, const std::string& what, const Json& found) {
  return bad_data(where + ": expected " + what + ", found " + dump_brief(found));
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

}  // namespace ipr::text
