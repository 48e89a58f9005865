// The two generations of game files, and one made into the other when a game is read.
//
// They differ in three texts of the grammar and in the new one's `help`; [M: all 474 trials that exist in both].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/game.h"
#include "pddl/task.h"

namespace alfworld::engine {

// Which generation a grammar is of; nothing if it is of neither, which then stays as it is.
[[nodiscard]] std::optional<TextVersion> version_of(std::string_view grammar);

// The same grammar, domain or command in generation `to`, from the other one.
[[nodiscard]] std::string convert_grammar(std::string grammar, TextVersion to);
void convert_domain(pddl::Domain& domain, TextVersion to);
[[nodiscard]] std::string convert_command(const std::string& command, TextVersion to);

}  // namespace alfworld::engine
