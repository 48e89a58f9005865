// Reads one right-hand side: text with `#rule#`, `{expression | query}` and `[{…}]`, and the queries of conditions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/text_grammar.h"

namespace alfworld::grammar {

inline constexpr std::size_t kMaxQueryAtoms = 16;

// The number of the rule of that name.
using RuleNumber = std::function<std::uint32_t(std::string_view)>;

// `where` begins what errors say; they add the column. Throws sdk::Failure (IPR_DATA_LOSS).
[[nodiscard]] std::vector<Symbol> read_symbols(std::string_view text, const std::string& where,
                                               const RuleNumber& rule_number);
[[nodiscard]] Query read_query(std::string_view text, const std::string& where);

}  // namespace alfworld::grammar
