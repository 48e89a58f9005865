// JSON with errors that name file, line and column.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace ipr {

using Json = nlohmann::json;  // object keys sorted: dump() is canonical

// Parses UTF-8 text. Errors are Code::kData: `source: line 3, column 17: …`; the column only if source ends in a line.
[[nodiscard]] Result<Json> parse_json(std::string_view text, const std::string& source, bool allow_comments = false);

// Reads and parses a file.
[[nodiscard]] Result<Json> read_json(const std::string& path, bool allow_comments = false);

// One compact line; invalid UTF-8 is replaced, never thrown on.
[[nodiscard]] std::string dump_line(const Json& value);

}  // namespace ipr
