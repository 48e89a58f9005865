// A game many times as big as a real one: to see what a step's cost grows with.
#pragma once

#include <cstddef>
#include <string>

namespace alfworld::bench {

// The game file `text` with its household standing there `times` times over, the agent in the first copy: no place has
// more on it than before, but there are `times` as many places.
[[nodiscard]] std::string bigger_game(const std::string& text, std::size_t times);

}  // namespace alfworld::bench
