// utf8mb4_general_ci: letter case and accents do not matter, nor do blanks at the end (PAD SPACE).
//
// Registered in SQLite as the collation MYSQL. Pure functions. Text that is no UTF-8 compares by U+FFFD.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace intercodesql {

// Negative, 0 or positive.
[[nodiscard]] int compare_general_ci(std::string_view a, std::string_view b);

// Equal for exactly those texts that compare as equal; byte by byte in the order of the texts, blanks at the end aside.
[[nodiscard]] std::string general_ci_key(std::string_view text);
void append_general_ci_key(std::string_view text, std::string& key);

// LIKE: `%` any run of characters, `_` one of them; blanks at the end count. `escape` 0: no escape character.
// `is_binary`: by code points. `work` grows by the characters looked at, which may be their product for a hostile
// pattern; empty when it would exceed `work_limit`.
[[nodiscard]] std::optional<bool> like(std::string_view text, std::string_view pattern, char32_t escape, bool is_binary,
                                       std::size_t work_limit, std::size_t& work);

// Byte position of the first part of `text`, from byte `from` on, that equals `part` without regard to case and
// accents, with the part's end; empty if there is none.
struct Found {
  std::size_t begin, end;
};
[[nodiscard]] std::optional<Found> find_general_ci(std::string_view text, std::string_view part, std::size_t from);

}  // namespace intercodesql
