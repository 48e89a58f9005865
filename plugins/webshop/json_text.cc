#include "json_text.h"

#include <charconv>

#include "python_text.h"

namespace webshop {
namespace {

void append_unit(char32_t unit, std::string& out) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[(unit >> shift) & 15];
}

// The two-character escape of c, or 0.
char short_escape(char32_t c) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

bool is_html(char32_t c) {
  return c == '<' || c == '>' || c == '&' || c == '\'';
}

}  // namespace

void append_json(std::string_view text, std::string& out) {
  out += '"';
  std::size_t plain = 0;  // start of what needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (const char escape = short_escape(c)) {
      out += '\\';
      out += escape;
    } else {
      append_unit(c, out);
    }
  }
  out.append(text, plain);
  out += '"';
}

void append_python_json(std::string_view text, std::string& out, bool html_safe) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next_code_point(text, i);
    if (const char escape = short_escape(c)) {
      out += '\\';
      out += escape;
    } else if (c >= 0x10000) {
      append_unit(0xD800 + ((c - 0x10000) >> 10), out);
      append_unit(0xDC00 + ((c - 0x10000) & 0x3FF), out);
    } else if (c < 0x20 || c >= 0x7F || (html_safe && is_html(c))) {
      append_unit(c, out);
    } else {
      out += static_cast<char>(c);
    }
  }
  out += '"';
}

void append_number(double value, std::string& out) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}
void append_number(std::size_t value, std::string& out) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace webshop
