// Games to plan in: small ones written in a test, and the shipped ones.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/game.h"
#include "engine/state.h"

namespace alfworld {

// A game of any domain. A command is the action's name and its arguments' names: "stack block 2 block 1" for
// (stack block_bar_a block_bar_b). Ids need a `_bar_` to be named.
[[nodiscard]] std::shared_ptr<const Game> small_game(const std::string& domain, const std::string& problem,
                                                     const std::vector<std::string>& walkthrough = {});

// Paths of the shipped games below data/alfworld/<folder>, sorted; those that no loader offers are left out. Empty
// where there is no shared folder.
[[nodiscard]] std::vector<std::string> shipped_games(const std::string& folder);
[[nodiscard]] std::shared_ptr<const Game> load_game(const std::string& path);

// Up to `most` random commands from the start, as many as `seed` says.
[[nodiscard]] State wander(const std::shared_ptr<const Game>& game, std::uint32_t seed, std::size_t most);

// Whether the commands, each admissible in its turn, win at the last.
[[nodiscard]] bool wins(State state, const std::vector<std::string>& commands);

}  // namespace alfworld
