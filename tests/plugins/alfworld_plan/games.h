// Games to plan in: small ones written in a test, and the shipped ones.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/game.h"
#include "engine/state.h"

namespace alfworld::test {

// A game of any domain. A command is the action's name and its arguments' names: "stack block 2 block 1" for
// (stack block_bar_a block_bar_b). Ids need a `_bar_` to be named.
[[nodiscard]] std::shared_ptr<const Game> small_game(const std::string& domain, const std::string& problem,
                                                     const std::vector<std::string>& walkthrough = {});

// The shipped games below data/alfworld/<folder> that can be won, by path: the one numbered `first` and every
// `stride`-th after it. Empty where there is no shared folder.
[[nodiscard]] std::vector<std::shared_ptr<const Game>> solvable_games(const std::string& folder, std::size_t first = 0,
                                                                      std::size_t stride = 1);

// Up to `most` random commands from the start, as many as `seed` says.
[[nodiscard]] State wander(const std::shared_ptr<const Game>& game, std::uint32_t seed, std::size_t most);

// Whether the commands, each admissible in its turn, win at the last.
[[nodiscard]] bool wins(State state, const std::vector<std::string>& commands);

}  // namespace alfworld::test
