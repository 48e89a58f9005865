// Reads a TWL2 file: `grammar :: """ JSON """;` and `action Name { template :: "…"; feedback :: "…"; grammar :: … }`.
#pragma once

#include <span>
#include <string>

#include "grammar/text_grammar.h"
#include "source_text.h"

namespace alfworld::grammar {

// The texts of the actions named (lower case), of the intro and the task, and every rule that these lead to. What
// nothing leads to is not read: files carry rules for actions that their domain lacks. Throws sdk::Failure
// (IPR_DATA_LOSS) naming the place, where the text is malformed, a rule or an action is missing, or a rule leads to
// itself.
[[nodiscard]] Grammar read_grammar(const SourceText& source, std::span<const std::string> action_names);

}  // namespace alfworld::grammar
