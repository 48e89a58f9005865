// A quick look into a game file: whether it is offered, and its task. Much faster than reading the game, so that
// thousands of files can be listed before the first of them is played.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace alfworld {

struct GameFacts {
  enum class Solvable : std::uint8_t { kYes, kNo, kNotSaid };
  Solvable solvable = Solvable::kNotSaid;  // the key `solvable`: true, false or absent
  // The sentence after "Your task is to: " in the grammar's rule `task`; empty where it is written in another way than
  // the published files do.
  std::string task;
};

// Throws sdk::Failure (IPR_DATA_LOSS) with file, line and column where `json` is no JSON object, and with the key where
// one that a game needs is missing or of another type. What stands inside the PDDL and the grammar is not checked.
[[nodiscard]] GameFacts scan_game(std::string_view json, const std::string& file);

}  // namespace alfworld
