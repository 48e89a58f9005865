// Text as Python sees it: white space, code points, and bytes from outside made valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace intercodesql {

// str.strip(): without the white space of Unicode at both ends. Precondition: valid UTF-8.
[[nodiscard]] std::string_view strip(std::string_view text);

// " ".join(text.split()).
[[nodiscard]] std::string join_words(std::string_view text);

// The first `count` code points; all of a shorter text.
[[nodiscard]] std::string_view first_code_points(std::string_view text, std::size_t count);

// Each byte that is not part of a well-formed sequence becomes U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

}  // namespace intercodesql
