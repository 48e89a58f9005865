// JSON files as lists of records, and what their errors say.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace intercodesql {

using Record = nlohmann::ordered_json;

// The whole document. Throws sdk::Failure (IPR_DATA_LOSS) with `source: line L, column C: …` where it is not JSON.
[[nodiscard]] Record parse_document(std::string_view text, const std::string& source);

// The text of a file. Throws sdk::Failure (IPR_DATA_LOSS).
[[nodiscard]] std::string read_text(const std::string& path);

// Member `key` of a record, which must be a text. Throws sdk::Failure (IPR_DATA_LOSS) with `where`.
[[nodiscard]] std::string text_member(const Record& record, const char* key, const std::string& where);

}  // namespace intercodesql
