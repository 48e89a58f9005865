// The two languages of a generated game: the PDDL domain and the TWL2 grammar of ALFWorld's household, written anew.
//
// Types, predicates, actions, preconditions, effects and every visible text are those of the files of the old text
// generation (`put X in/on Y`); layout is our own, and what no player can meet is left out: grammar rules of actions
// that the domain does not have, and the branch of examineObject that its misspelt type list keeps from ever being
// true. TextWorld plays both as it plays the originals (tests/plugins/alfworld_world).
#pragma once

#include <string>
#include <string_view>

namespace alfworld {

[[nodiscard]] std::string_view domain_text();

// `task` stands behind "Your task is to: "; it holds no quote and no line end.
[[nodiscard]] std::string grammar_text(std::string_view task);

}  // namespace alfworld
