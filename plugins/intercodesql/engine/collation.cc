#include "engine/collation.h"

#include <algorithm>

#include "engine/text.h"

namespace intercodesql {
namespace {

std::string_view without_trailing_blanks(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

char32_t ascii_weight(unsigned char c) {
  return c >= 'a' && c <= 'z' ? c - 32u : c;
}

char32_t next_weight(std::string_view text, std::size_t& pos) {
  const auto lead = static_cast<unsigned char>(text[pos]);
  if (lead < 0x80) {
    ++pos;
    return ascii_weight(lead);
  }
  return general_ci_weight(next_code_point(text, pos));
}

// The longer text's rest against blanks: one weight below a blank decides as one above it does.
int compare_with_blanks(std::string_view rest) {
  for (std::size_t pos = 0; pos < rest.size();) {
    const char32_t weight = next_weight(rest, pos);
    if (weight != ' ') return weight < ' ' ? -1 : 1;
  }
  return 0;
}

struct PatternCharacter {
  enum class Kind { kLiteral, kOne, kMany } kind;
  char32_t weight;
};

}  // namespace

int compare_general_ci(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  // Most texts are ASCII: sorts and indexes spend their time here.
  for (const std::size_t both = std::min(a.size(), b.size()); i < both; ++i) {
    const auto x = static_cast<unsigned char>(a[i]);
    const auto y = static_cast<unsigned char>(b[i]);
    if ((x | y) >= 0x80) break;
    if (x == y || ascii_weight(x) == ascii_weight(y)) continue;
    return ascii_weight(x) < ascii_weight(y) ? -1 : 1;
  }
  std::size_t j = i;
  while (i < a.size() && j < b.size()) {
    const char32_t x = next_weight(a, i);
    const char32_t y = next_weight(b, j);
    if (x != y) return x < y ? -1 : 1;
  }
  if (i < a.size()) return compare_with_blanks(a.substr(i));
  if (j < b.size()) return -compare_with_blanks(b.substr(j));
  return 0;
}

std::string general_ci_key(std::string_view text) {
  std::string key;
  key.reserve(text.size());
  append_general_ci_key(text, key);
  return key;
}

void append_general_ci_key(std::string_view text, std::string& key) {
  text = without_trailing_blanks(text);
  for (std::size_t pos = 0; pos < text.size();) {
    const auto lead = static_cast<unsigned char>(text[pos]);
    if (lead < 0x80) {
      key += static_cast<char>(ascii_weight(lead));
      ++pos;
    } else {
      append_utf8(next_weight(text, pos), key);
    }
  }
}

std::optional<bool> like(std::string_view text, std::string_view pattern, char32_t escape, bool is_binary,
                         std::size_t work_limit, std::size_t& work) {
  using Kind = PatternCharacter::Kind;
  const auto weight_at = [is_binary](std::string_view where, std::size_t& pos) {
    return is_binary ? next_code_point(where, pos) : next_weight(where, pos);
  };
  const auto next_of_pattern = [&](std::size_t& pos) -> PatternCharacter {
    const std::size_t start = pos;
    const char32_t c = next_code_point(pattern, pos);
    if (escape != 0 && c == escape && pos < pattern.size()) return {Kind::kLiteral, weight_at(pattern, pos)};
    if (c == '%') return {Kind::kMany, 0};
    if (c == '_') return {Kind::kOne, 0};
    pos = start;
    return {Kind::kLiteral, weight_at(pattern, pos)};
  };

  // Only the last '%' needs to be taken up again: an earlier one cannot match more than it did.
  std::size_t t = 0;
  std::size_t p = 0;
  std::optional<std::size_t> retry_text;
  std::size_t retry_pattern = 0;
  while (true) {
    if (++work > work_limit) return std::nullopt;
    bool matches = false;
    if (p < pattern.size()) {
      const PatternCharacter wanted = next_of_pattern(p);
      if (wanted.kind == Kind::kMany) {
        retry_text = t;
        retry_pattern = p;
        continue;
      }
      if (t < text.size()) {
        const char32_t found = weight_at(text, t);
        matches = wanted.kind == Kind::kOne || found == wanted.weight;
      }
    } else if (t == text.size()) {
      return true;
    }
    if (matches) continue;
    if (!retry_text || *retry_text >= text.size()) return false;
    next_code_point(text, *retry_text);
    t = *retry_text;
    p = retry_pattern;
  }
}

std::optional<Found> find_general_ci(std::string_view text, std::string_view part, std::size_t from) {
  for (std::size_t begin = from; begin <= text.size();) {
    std::size_t t = begin;
    std::size_t p = 0;
    while (p < part.size() && t < text.size()) {
      std::size_t next_t = t;
      std::size_t next_p = p;
      if (next_weight(text, next_t) != next_weight(part, next_p)) break;
      t = next_t;
      p = next_p;
    }
    if (p == part.size()) return Found{begin, t};
    if (begin == text.size()) break;
    next_code_point(text, begin);
  }
  return std::nullopt;
}

}  // namespace intercodesql
