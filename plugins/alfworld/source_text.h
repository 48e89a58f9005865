// A named text of a game file, and what its errors say.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace alfworld {

// One text inside a game file: `pddl_domain`, `pddl_problem`, `grammar`. A view: the text outlives it.
struct SourceText {
  std::string place;  // what errors begin with: the file and the key, "…/game.tw-pddl: pddl_domain"
  std::string_view text;

  // Throws sdk::Failure (IPR_DATA_LOSS): "<place>: line L, column C: <what>". Columns count bytes from 1.
  [[noreturn]] void fail(std::size_t offset, const std::string& what) const;
};

// The text in quotes for an error: cut where it is long, never within a character.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace alfworld
