#include "core/base/json.h"

#include <algorithm>

#include "core/base/files.h"

namespace ipr {
namespace {

// "rows.jsonl: line 3": a line of a file, whose own lines need no number.
bool names_a_line(std::string_view source) {
  const auto digits = source.find_last_not_of("0123456789");
  return digits != std::string_view::npos && digits + 1 < source.size() &&
         source.substr(0, digits + 1).ends_with("line ");
}

// nlohmann reports a byte offset (1-based); users look for lines and columns.
std::string place_of(std::string_view text, std::size_t byte, std::string_view source) {
  const std::string_view before = text.substr(0, std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto newline = before.rfind('\n');
  const auto column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
  return (names_a_line(source) ? "" : "line " + std::to_string(line) + ", ") + "column " + std::to_string(column);
}

// The library's text begins "[json.exception.parse_error.101] parse error at line …: "; keep what it says of the fault.
std::string reason_of(const std::string& what) {
  const auto colon = what.find(": ");
  return colon == std::string::npos ? what : what.substr(colon + 2);
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& source, bool allow_comments) {
  try {
    return Json::parse(text.begin(), text.end(), nullptr, true, allow_comments);
  } catch (const Json::parse_error& error) {
    return bad_data(source + ": " + place_of(text, error.byte, source) + ": " + reason_of(error.what()));
  } catch (const Json::exception& error) {
    return bad_data(source + ": " + error.what());
  }
}

Result<Json> read_json(const std::string& path, bool allow_comments) {
  IPR_ASSIGN(const std::string text, read_file(path));
  return parse_json(text, path, allow_comments);
}

std::string dump_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ipr
