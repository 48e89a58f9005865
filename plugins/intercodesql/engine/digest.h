// MD5, SHA-1, SHA-2 and Base64 of texts, for MySQL's functions of these names; nothing here guards a secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace intercodesql {

// Bytes of the digests.
[[nodiscard]] std::string md5(std::string_view text);
[[nodiscard]] std::string sha1(std::string_view text);
[[nodiscard]] std::string sha256(std::string_view text, bool is_224);
[[nodiscard]] std::string sha512(std::string_view text, bool is_384);

[[nodiscard]] std::string lower_hex(std::string_view bytes);
// With a line break after every 76 characters, as MySQL writes it.
[[nodiscard]] std::string to_base64(std::string_view bytes);
// Blanks and line breaks do not count. Empty for what is no Base64.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace intercodesql
