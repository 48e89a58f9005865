#include "adapter/text.h"

#include "engine/text.h"

namespace intercodesql {
namespace {

// str.isspace() of one character.
bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool begins_with_space(std::string_view text) {
  std::size_t next = 0;
  return !text.empty() && is_space(next_code_point(text, next));
}

void drop_first(std::string_view& text) {
  std::size_t next = 0;
  next_code_point(text, next);
  text.remove_prefix(next);
}

// The last character of a text that is not empty.
std::string_view last_character(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80) --at;
  return text.substr(at);
}

}  // namespace

std::string_view strip(std::string_view text) {
  while (begins_with_space(text)) drop_first(text);
  while (!text.empty() && begins_with_space(last_character(text))) text.remove_suffix(last_character(text).size());
  return text;
}

std::string join_words(std::string_view text) {
  std::string joined;
  for (text = strip(text); !text.empty(); text = strip(text)) {
    if (!joined.empty()) joined += ' ';
    while (!text.empty() && !begins_with_space(text)) {
      joined += text[0];
      text.remove_prefix(1);
    }
  }
  return joined;
}

std::string_view first_code_points(std::string_view text, std::size_t count) {
  return text.substr(0, byte_of_character(text, count));
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append_utf8(next_code_point(text, at), out);
  return out;
}

}  // namespace intercodesql
