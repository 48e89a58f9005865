// Unicode's normalization form C (UAX #15), as Qwen2's tokenizer asks for: letters and their marks as one character
// where there is one. Unicode 14. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace ipr::text {

// Precondition: `text` is valid UTF-8. Linear in its length, but for runs of combining marks, which are sorted.
[[nodiscard]] std::string to_nfc(std::string_view text);

}  // namespace ipr::text
