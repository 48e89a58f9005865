// The settings of a plugin: a flat JSON object, complete and validated by the host against the plugin's config_schema.
//
//   const ipr::sdk::Config config(config_json);
//   size_ = config.integer("size");
//
// Reads strings, numbers and booleans; keys the schema does not declare never arrive, so a missing key is the author's
// own slip and throws. Header only, no dependencies.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ipr::sdk {

class Config {
 public:
  explicit Config(std::string_view json) : rest_(json) { parse(); }

  [[nodiscard]] std::string text(const std::string& key) const { return at(key); }
  [[nodiscard]] double number(const std::string& key) const { return std::strtod(at(key).c_str(), nullptr); }
  [[nodiscard]] std::int64_t integer(const std::string& key) const { return static_cast<std::int64_t>(number(key)); }
  [[nodiscard]] bool flag(const std::string& key) const { return at(key) == "true"; }
  [[nodiscard]] bool has(const std::string& key) const { return values_.count(key) > 0; }

 private:
  [[nodiscard]] const std::string& at(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) throw std::invalid_argument("setting \"" + key + "\" is not in the config schema");
    return found->second;
  }
  [[noreturn]] static void fail() { throw std::invalid_argument("config is not a flat JSON object"); }

  void blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t' || rest_[0] == '\r'))
      rest_.remove_prefix(1);
  }
  bool take(char c) {
    blanks();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void parse() {
    if (!take('{')) fail();
    if (take('}')) return;
    do {
      const std::string key = quoted();
      if (!take(':')) fail();
      blanks();
      values_[key] = !rest_.empty() && rest_[0] == '"' ? quoted() : bare();
    } while (take(','));
    if (!take('}')) fail();
  }
  std::string bare() {  // a number, true, false or null, kept as its text
    const auto end = rest_.find_first_of(",} \n\t\r");
    if (end == 0 || end == std::string_view::npos || rest_[0] == '{' || rest_[0] == '[') fail();
    std::string token(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return token;
  }
  std::string quoted() {
    if (!take('"')) fail();
    std::string text;
    while (!rest_.empty() && rest_[0] != '"') {
      if (rest_[0] == '\\') {
        rest_.remove_prefix(1);
        escape(text);
      } else {
        text += rest_[0];
        rest_.remove_prefix(1);
      }
    }
    if (!take('"')) fail();
    return text;
  }
  void escape(std::string& text) {
    if (rest_.empty()) fail();
    const char c = rest_[0];
    rest_.remove_prefix(1);
    constexpr std::string_view kNames = "bfnrt";
    constexpr std::string_view kValues = "\b\f\n\r\t";
    if (c != 'u') {
      const auto known = kNames.find(c);
      text += known == std::string_view::npos ? c : kValues[known];
      return;
    }
    std::uint32_t code = hex4();
    if (code >= 0xD800 && code < 0xDC00 && rest_.size() >= 2 && rest_[0] == '\\' && rest_[1] == 'u') {
      rest_.remove_prefix(2);
      code = 0x10000 + ((code - 0xD800) << 10) + (hex4() - 0xDC00);
    }
    append_utf8(text, code);
  }
  std::uint32_t hex4() {
    if (rest_.size() < 4) fail();
    const std::string digits(rest_.substr(0, 4));
    rest_.remove_prefix(4);
    return static_cast<std::uint32_t>(std::strtoul(digits.c_str(), nullptr, 16));
  }
  static void append_utf8(std::string& text, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6), put(0x80 | (code & 63));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
    } else {
      put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
    }
  }

  std::string_view rest_;
  std::map<std::string, std::string> values_;
};

}  // namespace ipr::sdk
