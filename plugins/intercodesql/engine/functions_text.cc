// MySQL's text functions.
#include "engine/functions_text.h"

#include <algorithm>
#include <string>

#include "engine/collation.h"
#include "engine/number_text.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

void concat_all(FunctionCall& call) {
  if (call.any_null()) return call.null();
  std::string text;
  for (int i = 0; i < call.count() && text.size() <= kLongestResult; ++i) text += call.text(i);
  call.result(text);
}

void concat_ws(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  std::string text;
  bool first = true;
  for (int i = 1; i < call.count() && text.size() <= kLongestResult; ++i) {
    if (call.is_null(i)) continue;
    if (!first) text += call.text(0);
    first = false;
    text += call.text(i);
  }
  call.result(text);
}

void length(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  call.result(static_cast<std::int64_t>(call.text(0).size()));
}

void bit_length(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  call.result(static_cast<std::int64_t>(call.text(0).size()) * 8);
}

void char_length(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const std::string_view text = call.text(0);
  if (call.charge(text.size())) call.result(static_cast<std::int64_t>(count_characters(text)));
}

// Numbers in a text context.
void double_as_text(FunctionCall& call) {
  call.is_null(0) ? call.null() : call.result(double_text(call.number(0)));
}

void float_as_text(FunctionCall& call) {
  call.is_null(0) ? call.null() : call.result(double_text(float_as_sent(call.number(0))));
}

// my_decimal_text(x, scale).
void decimal_as_text(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const auto scale = static_cast<int>(std::clamp<std::int64_t>(call.integer(1), 0, 30));
  call.result(call.storage(0) == SQLITE_INTEGER ? decimal_text(call.integer(0), scale)
                                                : decimal_text(call.number(0), scale));
}

void upper(FunctionCall& call) {
  call.is_null(0) ? call.null() : call.result(upper_text(call.text(0)));
}
void lower(FunctionCall& call) {
  call.is_null(0) ? call.null() : call.result(lower_text(call.text(0)));
}

// The characters from `begin` on, `count` of them at most.
std::string_view characters(std::string_view text, std::size_t begin, std::size_t count) {
  text.remove_prefix(byte_of_character(text, begin));
  return text.substr(0, byte_of_character(text, count));
}

void left(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::int64_t count = std::max<std::int64_t>(call.integer(1), 0);
  call.result(characters(call.text(0), 0, static_cast<std::size_t>(count)));
}

void right(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::string_view text = call.text(0);
  const auto length = static_cast<std::int64_t>(count_characters(text));
  const std::int64_t count = std::clamp<std::int64_t>(call.integer(1), 0, length);
  call.result(characters(text, static_cast<std::size_t>(length - count), static_cast<std::size_t>(count)));
}

// SUBSTRING(text, position [, count]): positions begin at 1, or at -1 from the end; 0 gives nothing.
void substring(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::string_view text = call.text(0);
  const auto length = static_cast<std::int64_t>(count_characters(text));
  const std::int64_t position = call.integer(1);
  const std::int64_t begin = position > 0 ? position - 1 : length + position;
  const std::int64_t count = call.count() > 2 ? call.integer(2) : length;
  if (position == 0 || begin < 0 || begin >= length || count <= 0) return call.result(std::string_view());
  call.result(characters(text, static_cast<std::size_t>(begin), static_cast<std::size_t>(count)));
}

// SUBSTRING_INDEX(text, separator, count): what stands before the count-th separator, from the end if negative.
void substring_index(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::string_view text = call.text(0);
  const std::string_view separator = call.text(1);
  std::int64_t count = call.integer(2);
  if (separator.empty() || count == 0) return call.result(std::string_view());
  std::size_t pos = count > 0 ? 0 : text.size();
  for (; count > 0; --count) {
    const std::size_t found = text.find(separator, pos);
    if (found == std::string_view::npos) return call.result(text);
    if (count == 1) return call.result(text.substr(0, found));
    pos = found + separator.size();
  }
  for (; count < 0; ++count) {
    const std::size_t found =
        pos < separator.size() ? std::string_view::npos : text.rfind(separator, pos - separator.size());
    if (found == std::string_view::npos) return call.result(text);
    if (count == -1) return call.result(text.substr(found + separator.size()));
    pos = found;
  }
}

std::string_view trimmed(std::string_view text, std::string_view part, bool at_begin, bool at_end) {
  if (part.empty()) return text;
  while (at_begin && text.starts_with(part)) text.remove_prefix(part.size());
  while (at_end && text.ends_with(part)) text.remove_suffix(part.size());
  return text;
}

// my_trim(text [, part]) and its one-sided forms.
template <bool kBegin, bool kEnd>
void trim(FunctionCall& call) {
  if (call.any_null()) return call.null();
  call.result(trimmed(call.text(0), call.count() > 1 ? call.text(1) : " ", kBegin, kEnd));
}

void replace(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::string_view text = call.text(0);
  const std::string_view from = call.text(1);
  const std::string_view to = call.text(2);
  if (from.empty()) return call.result(text);
  std::string out;
  std::size_t pos = 0;
  while (out.size() <= kLongestResult) {
    const std::size_t found = text.find(from, pos);
    out += text.substr(pos, found - pos);
    if (found == std::string_view::npos) break;
    out += to;
    pos = found + from.size();
  }
  call.result(out);
}

void reverse(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const std::string_view text = call.text(0);
  std::string out(text.size(), '\0');
  std::size_t end = text.size();
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t begin = pos;
    next_code_point(text, pos);
    end -= pos - begin;
    text.copy(out.data() + end, pos - begin, begin);
  }
  call.result(out);
}

std::string repeated(std::string_view text, std::int64_t count) {
  std::string out;
  if (text.empty()) return out;
  for (; count > 0 && out.size() <= kLongestResult; --count) out += text;
  return out;
}

void repeat(FunctionCall& call) {
  if (call.any_null()) return call.null();
  call.result(repeated(call.text(0), call.integer(1)));
}

void space(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  call.result(repeated(" ", call.integer(0)));
}

// LPAD and RPAD: exactly that many characters; NULL if there is nothing to fill with.
template <bool kLeft>
void pad(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::string_view text = call.text(0);
  const std::int64_t wanted = call.integer(1);
  const std::string_view filler = call.text(2);
  const auto length = static_cast<std::int64_t>(count_characters(text));
  if (wanted < 0 || wanted > static_cast<std::int64_t>(kLongestResult)) return call.null();
  if (wanted <= length) return call.result(characters(text, 0, static_cast<std::size_t>(wanted)));
  const auto unit = static_cast<std::int64_t>(count_characters(filler));
  if (unit == 0) return call.result(std::string_view());
  std::string fill = repeated(filler, (wanted - length + unit - 1) / unit);
  fill.resize(byte_of_character(fill, static_cast<std::size_t>(wanted - length)));
  call.result(kLeft ? fill + std::string(text) : std::string(text) + fill);
}

// LOCATE(part, text [, position]); 0 if it is not there.
void locate(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::string_view part = call.text(0);
  const std::string_view text = call.text(1);
  const std::int64_t position = call.count() > 2 ? call.integer(2) : 1;
  const auto length = static_cast<std::int64_t>(count_characters(text));
  if (position < 1 || position > length + 1) return call.result(std::int64_t{0});
  if (!call.charge(text.size() * (part.size() / 8 + 1))) return;
  const auto found = find_general_ci(text, part, byte_of_character(text, static_cast<std::size_t>(position - 1)));
  call.result(found ? static_cast<std::int64_t>(count_characters(text.substr(0, found->begin))) + 1 : std::int64_t{0});
}

void strcmp_texts(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const int order = compare_general_ci(call.text(0), call.text(1));
  call.result(static_cast<std::int64_t>(order < 0 ? -1 : order > 0 ? 1 : 0));
}

// FIELD: as texts if all are texts, otherwise as numbers.
void field(FunctionCall& call) {
  bool as_text = true;
  for (int i = 0; i < call.count(); ++i) as_text = as_text && (call.is_null(i) || call.storage(i) == SQLITE_TEXT);
  for (int i = 1; i < call.count() && !call.is_null(0); ++i) {
    if (call.is_null(i)) continue;
    const bool equal = as_text ? compare_general_ci(call.text(0), call.text(i)) == 0 : call.number(0) == call.number(i);
    if (equal) return call.result(std::int64_t{i});
  }
  call.result(std::int64_t{0});
}

void find_in_set(FunctionCall& call) {
  if (call.any_null()) return call.null();
  std::string_view set = call.text(1);
  if (set.empty()) return call.result(std::int64_t{0});
  for (std::int64_t i = 1;; ++i) {
    const std::size_t comma = set.find(',');
    if (compare_general_ci(call.text(0), set.substr(0, comma)) == 0) return call.result(i);
    if (comma == std::string_view::npos) return call.result(std::int64_t{0});
    set.remove_prefix(comma + 1);
  }
}

void elt(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  const std::int64_t index = call.integer(0);
  if (index < 1 || index >= call.count() || call.is_null(static_cast<int>(index))) return call.null();
  call.result(call.text(static_cast<int>(index)));
}

// FORMAT(number, decimals): with commas between thousands.
void format(FunctionCall& call) {
  if (call.is_null(0) || call.is_null(1)) return call.null();
  const auto decimals = static_cast<int>(std::clamp<std::int64_t>(call.integer(1), 0, 30));
  std::string text = decimal_text(call.number(0), decimals);
  const std::size_t begin = text.starts_with('-') ? 1 : 0;
  std::size_t point = std::min(text.find('.'), text.size());
  while (point > begin + 3) {
    point -= 3;
    text.insert(point, 1, ',');
  }
  call.result(text);
}

// INSERT(text, position, count, new).
void insert(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::string_view text = call.text(0);
  const std::int64_t position = call.integer(1);
  const auto length = static_cast<std::int64_t>(count_characters(text));
  if (position < 1 || position > length) return call.result(text);
  std::int64_t count = call.integer(2);
  if (count < 0 || count > length - position + 1) count = length - position + 1;
  const std::size_t begin = byte_of_character(text, static_cast<std::size_t>(position - 1));
  const std::size_t end = byte_of_character(text, static_cast<std::size_t>(position - 1 + count));
  call.result(concat(text.substr(0, begin), call.text(3), text.substr(end)));
}

void quote(FunctionCall& call) {
  if (call.is_null(0)) return call.result(std::string_view("NULL"));
  std::string out = "'";
  for (const char c : call.text(0)) {
    if (c == '\'' || c == '\\') out += '\\';
    if (c == '\0') {
      out += "\\0";
    } else if (c == '\x1A') {
      out += "\\Z";
    } else {
      out += c;
    }
  }
  call.result(out + '\'');
}

void soundex(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  constexpr std::string_view kCodes = "01230120022455012623010202";  // of A to Z
  std::string out;
  char last = '0';
  for (const char c : upper_text(call.text(0))) {
    if (c < 'A' || c > 'Z') continue;
    const char code = kCodes[static_cast<std::size_t>(c - 'A')];
    if (out.empty()) {
      out += c;
    } else if (code != '0' && code != last) {
      out += code;
    }
    if (code != '0' || out.size() == 1) last = code;
  }
  while (!out.empty() && out.size() < 4) out += '0';
  call.result(out);
}

// my_like(text, pattern [, escape]); my_like_binary compares code points. No escape character: the empty text.
template <bool kBinary>
void like_pattern(FunctionCall& call) {
  if (call.any_null()) return call.null();
  char32_t escape = '\\';
  if (call.count() > 2) {
    const std::string_view text = call.text(2);
    std::size_t pos = 0;
    escape = text.empty() ? 0 : next_code_point(text, pos);
  }
  const std::int64_t left = std::max<std::int64_t>(call.context().steps_left, 0);
  std::size_t work = 0;
  const auto matches = like(call.text(0), call.text(1), escape, kBinary, static_cast<std::size_t>(left) * 32, work);
  if (!call.charge(work)) return;
  call.result(matches.value_or(false));
}

constexpr FunctionEntry kFunctions[] = {
    {"my_concat", -1, concat_all},
    {"my_concat_ws", -1, concat_ws},
    {"my_length", 1, length},
    {"my_bit_length", 1, bit_length},
    {"my_double_text", 1, double_as_text},
    {"my_float_text", 1, float_as_text},
    {"my_decimal_text", 2, decimal_as_text},
    {"my_char_length", 1, char_length},
    {"my_upper", 1, upper},
    {"my_lower", 1, lower},
    {"my_left", 2, left},
    {"my_right", 2, right},
    {"my_substring", 2, substring},
    {"my_substring", 3, substring},
    {"my_substring_index", 3, substring_index},
    {"my_trim", -1, trim<true, true>},
    {"my_ltrim", -1, trim<true, false>},
    {"my_rtrim", -1, trim<false, true>},
    {"my_replace", 3, replace},
    {"my_reverse", 1, reverse},
    {"my_repeat", 2, repeat},
    {"my_space", 1, space},
    {"my_lpad", 3, pad<true>},
    {"my_rpad", 3, pad<false>},
    {"my_locate", -1, locate},
    {"my_strcmp", 2, strcmp_texts},
    {"my_field", -1, field},
    {"my_find_in_set", 2, find_in_set},
    {"my_elt", -1, elt},
    {"my_format", -1, format},
    {"my_insert", 4, insert},
    {"my_quote", 1, quote},
    {"my_soundex", 1, soundex},
    {"my_like", -1, like_pattern<false>},
    {"my_like_binary", -1, like_pattern<true>},
};

}  // namespace

std::span<const FunctionEntry> text_functions() {
  return kFunctions;
}

}  // namespace intercodesql
