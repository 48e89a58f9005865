// Base64 (RFC 4648): how JSON carries the bytes of a SentencePiece character map. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ipr::text {

[[nodiscard]] std::string to_base64(std::string_view bytes);

// Nothing if `text` is no padded base64 without blanks.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace ipr::text
