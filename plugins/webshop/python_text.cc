#include "python_text.h"

#include <charconv>
#include <cmath>

#include "unicode.h"

namespace webshop {
namespace {

using unicode::find_range;

constexpr char32_t kReplacement = 0xFFFD;

// Length of the ASCII part that `text` begins with.
std::size_t ascii_run(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && static_cast<unsigned char>(text[length]) < 0x80) ++length;
  return length;
}

void append_ascii_lower(std::string_view text, std::string& out) {
  const std::size_t start = out.size();
  out += text;
  for (std::size_t i = start; i < out.size(); ++i) {
    if (out[i] >= 'A' && out[i] <= 'Z') out[i] = static_cast<char>(out[i] + 32);
  }
}

bool is_ascii_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_ascii_digit(char32_t c) {
  return c >= '0' && c <= '9';
}
bool is_cased(char32_t c) {
  return find_range(unicode::kCased, c) != nullptr;
}
bool is_case_ignorable(char32_t c) {
  return find_range(unicode::kCaseIgnorable, c) != nullptr;
}

// Unicode's Final_Sigma: a cased letter before, none after, case-ignorable characters skipped.
bool is_final_sigma(const std::u32string& text, std::size_t at) {
  std::size_t before = at;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  std::size_t after = at + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

void append_hex(char32_t c, int digits, std::string& out) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[(c >> shift) & 15];
}

void append_escaped(char32_t c, std::string& out) {
  if (c == '\t') {
    out += "\\t";
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c < 0x100) {
    out += "\\x";
    append_hex(c, 2, out);
  } else if (c < 0x10000) {
    out += "\\u";
    append_hex(c, 4, out);
  } else {
    out += "\\U";
    append_hex(c, 8, out);
  }
}

// Appends the digits of d.ddde±xx without exponent, at least one digit on each side of the point.
void append_plain(std::string_view digits, int exponent, std::string& out) {
  const int count = static_cast<int>(digits.size());
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
  } else if (exponent >= count - 1) {
    out += digits;
    out.append(static_cast<std::size_t>(exponent - count + 1), '0');
    out += ".0";
  } else {
    const auto point = static_cast<std::size_t>(exponent + 1);
    out += digits.substr(0, point);
    out += '.';
    out += digits.substr(point);
  }
}

}  // namespace

char32_t next_wide_code_point(std::string_view text, std::size_t& pos) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(pos++);
  const std::size_t extra = lead >= 0xF0 && lead <= 0xF4 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || pos + extra > text.size()) return kReplacement;
  char32_t c = lead & (0x3Fu >> extra);
  for (std::size_t i = 0; i < extra; ++i) {
    if ((byte(pos + i) & 0xC0) != 0x80) return kReplacement;
    c = (c << 6) | (byte(pos + i) & 0x3Fu);
  }
  const bool overlong = (extra == 2 && c < 0x800) || (extra == 3 && c < 0x10000);
  if (overlong || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) return kReplacement;
  pos += extra;
  return c;
}

void append_utf8(char32_t c, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::u32string to_code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) out += next_code_point(text, pos);
  return out;
}

bool is_alpha(char32_t c) {
  return c < 0x80 ? is_ascii_letter(c) : find_range(unicode::kAlpha, c) != nullptr;
}

bool is_wide_alnum(char32_t c) {
  return find_range(unicode::kAlpha, c) != nullptr || find_range(unicode::kNumeric, c) != nullptr;
}

bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return find_range(unicode::kSpace, c) != nullptr;
}

bool is_printable(char32_t c) {
  if (c < 0x80) return c >= 0x20 && c != 0x7F;
  return find_range(unicode::kUnprintable, c) == nullptr;
}

char32_t simple_lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  const auto* range = find_range(unicode::kLower, c);
  if (range == nullptr || (c - range->first) % range->step != 0) return c;
  return static_cast<char32_t>(static_cast<std::int32_t>(c) + range->shift);
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::u32string context;  // the whole text, decoded only if a sigma needs to look around
  std::size_t index = 0;   // of the code point at `pos`
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t run = ascii_run(text.substr(pos));
    append_ascii_lower(text.substr(pos, run), out);
    index += run;
    pos += run;
    if (pos == text.size()) break;
    const std::size_t start = pos;
    const char32_t c = next_code_point(text, pos);
    if (c == 0x130) {
      out += "i\xCC\x87";
    } else if (c == 0x3A3) {
      if (context.empty()) context = to_code_points(text);
      append_utf8(is_final_sigma(context, index) ? 0x3C2 : 0x3C3, out);
    } else if (const char32_t small = simple_lower(c); small != c) {
      append_utf8(small, out);
    } else {
      out += text.substr(start, pos - start);
    }
    ++index;
  }
  return out;
}

std::string_view strip(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t pos = begin;
    if (!is_space(next_code_point(text, pos))) break;
    begin = pos;
  }
  std::size_t end = text.size();
  while (end > begin) {
    std::size_t start = end - 1;
    while (start > begin && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    std::size_t pos = start;
    if (!is_space(next_code_point(text, pos)) || pos != end) break;
    end = start;
  }
  return text.substr(begin, end - begin);
}

std::string_view strip(std::string_view text, std::string_view characters) {
  const std::size_t begin = text.find_first_not_of(characters);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(characters) - begin + 1);
}

std::string repr(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    if (c == static_cast<unsigned char>(quote) || c == '\\') out += '\\';
    if (is_printable(c)) {
      append_utf8(c, out);
    } else {
      append_escaped(c, out);
    }
  }
  return out += quote;
}

std::string repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view shortest(buffer, static_cast<std::size_t>(end - buffer));  // -d.ddde±xx
  const std::size_t e = shortest.find('e');
  std::string out;
  std::string digits;
  for (const char c : shortest.substr(0, e)) {
    if (c == '-') out += c;
    if (is_ascii_digit(static_cast<unsigned char>(c))) digits += c;
  }
  int exponent = 0;
  const std::size_t number = shortest[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(buffer + number, end, exponent);
  if (exponent >= -4 && exponent < 16) {
    append_plain(digits, exponent, out);
    return out;
  }
  out += digits.front();
  if (digits.size() > 1) out += '.';
  out.append(digits, 1);
  out += shortest.substr(e);
  return out;
}

}  // namespace webshop
