#include "core/base/json.h"

#include <algorithm>

#include "core/base/files.h"

namespace ipr {
namespace {

struct Place {
  std::size_t line, column;  // from 1
};

// nlohmann reports a byte offset (1-based); users look for lines and columns.
Place place_of(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto newline = before.rfind('\n');
  return {1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
          before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1};
}

// The library's text begins "[json.exception.parse_error.101] parse error at line …: "; keep what it says of the fault.
// It quotes what it read last, which may be long: then the middle goes.
std::string reason_of(const std::string& what) {
  constexpr std::size_t kFirst = 120, kLast = 60;
  const auto colon = what.find(": ");
  const std::string reason = colon == std::string::npos ? what : what.substr(colon + 2);
  if (reason.size() <= kFirst + kLast) return reason;
  const auto is_inside = [&](std::size_t at) { return (static_cast<unsigned char>(reason[at]) & 0xC0) == 0x80; };
  std::size_t cut = kFirst, rest = reason.size() - kLast;
  while (cut > 0 && is_inside(cut)) --cut;
  while (rest < reason.size() && is_inside(rest)) ++rest;
  return reason.substr(0, cut) + "..." + reason.substr(rest);
}

// Copying and printing a value take a stack frame per level: a text of brackets alone would end the process.
constexpr std::size_t kMostLevels = 500;

// The first bracket below kMostLevels others, as a byte counted from 1; 0: there is none.
std::size_t too_deep_at(std::string_view text, bool allow_comments) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[' || c == '{') {
      if (++depth > kMostLevels) return i + 1;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    } else if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1 : 0;
    } else if (c == '/' && allow_comments) {
      const std::string_view end = text.substr(i, 2) == "/*" ? "*/" : "\n";
      i = std::min(text.find(end, i + 2), text.size());
    }
  }
  return 0;
}

// `name` puts the place of a fault into words.
template <typename Name>
Result<Json> parse(std::string_view text, const std::string& source, bool allow_comments, Name&& name) {
  if (const std::size_t byte = too_deep_at(text, allow_comments); byte > 0) {
    return bad_data(source + ": " + name(place_of(text, byte)) + ": nested deeper than " + std::to_string(kMostLevels) +
                    " levels");
  }
  try {
    return Json::parse(text.begin(), text.end(), nullptr, true, allow_comments);
  } catch (const Json::parse_error& error) {
    return bad_data(source + ": " + name(place_of(text, error.byte)) + ": " + reason_of(error.what()));
  } catch (const Json::exception& error) {
    return bad_data(source + ": " + error.what());
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& source, bool allow_comments) {
  return parse(text, source, allow_comments, [](Place place) {
    return "line " + std::to_string(place.line) + ", column " + std::to_string(place.column);
  });
}

Result<Json> parse_json_line(std::string_view line, const std::string& source) {
  return parse(line, source, false, [](Place place) { return "column " + std::to_string(place.column); });
}

Result<Json> read_json(const std::string& path, bool allow_comments) {
  IPR_ASSIGN(const std::string text, read_file(path));
  return parse_json(text, path, allow_comments);
}

std::string dump_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_brief(const Json& value) {
  constexpr std::size_t kLongest = 80;
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kLongest) text.replace(kLongest, std::string::npos, "...");
  return text;
}

}  // namespace ipr
