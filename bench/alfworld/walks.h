// Games and recorded walks through them, so that only the engine's own work is measured.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/state.h"

namespace alfworld::bench {

struct PlayedGame {
  std::string path;
  std::string text;  // of the file
  std::shared_ptr<const Game> game;
  std::vector<std::string> commands;  // of one walk from the start
  double admissible = 0;              // commands per state of the walk, mean
};

// The texts of all offered games below `folder`.
[[nodiscard]] std::vector<PlayedGame> read_games(const std::string& folder);

// Walks `steps` steps: mostly a random admissible command, one in eight a command that is not.
void record_walk(PlayedGame& played, std::size_t steps, std::uint32_t seed);

}  // namespace alfworld::bench
