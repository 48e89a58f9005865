// Small text helpers with one meaning each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ipr {

// The candidate with the smallest edit distance, or empty if none is close (more than a third of the name's length +
// 1). Where that is not a mere slip, a candidate that is a word of the name comes first: "batch" for "batch_size".
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

// `; did you mean "webshop"?` for the nearest candidate, `; known: a, b, c` if none is near.
[[nodiscard]] std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);

// Replaces every byte that is not part of valid UTF-8 by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

// Without outer ASCII white space.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace ipr
