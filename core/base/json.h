// JSON with errors that name file, line and column.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace ipr {

using Json = nlohmann::json;  // object keys sorted: dump() is canonical

// Parses UTF-8 text. `source` names it in errors: `source: line 3, column 17: expected …`. Errors are Code::kData; more
// than 500 levels are one too, so that no later copy or dump runs out of stack.
[[nodiscard]] Result<Json> parse_json(std::string_view text, const std::string& source, bool allow_comments = false);

// A line of JSON Lines, which `source` names: `source: column 17: expected …`.
[[nodiscard]] Result<Json> parse_json_line(std::string_view line, const std::string& source);

// Reads and parses a file.
[[nodiscard]] Result<Json> read_json(const std::string& path, bool allow_comments = false);

// One compact line; invalid UTF-8 is replaced, never thrown on.
[[nodiscard]] std::string dump_line(const Json& value);

// The same in ASCII, and cut after some 80 characters: for errors about what a file says.
[[nodiscard]] std::string dump_brief(const Json& value);

}  // namespace ipr
