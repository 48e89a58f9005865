// JSON text written by hand.
#pragma once

#include <string>
#include <string_view>

namespace intercodesql {

// A JSON string with quotes. Precondition: valid UTF-8.
[[nodiscard]] std::string json_text(std::string_view text);

}  // namespace intercodesql
