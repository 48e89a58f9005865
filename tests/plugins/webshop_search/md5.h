// MD5 (RFC 1321), because that is what the goldens carry. For comparing test data only.
#pragma once

#include <string>
#include <string_view>

namespace webshop::test {

// Lower-case hex.
[[nodiscard]] std::string md5_hex(std::string_view bytes);

}  // namespace webshop::test
