#include "bench/alfworld/walks.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace alfworld::bench {

std::vector<PlayedGame> read_games(const std::string& folder) {
  std::vector<PlayedGame> games;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (entry.path().filename() != "game.tw-pddl" || path.find("movable") != std::string::npos) continue;
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    PlayedGame played;
    played.path = path;
    played.text = std::move(text).str();
    played.game = read_game(played.text, path, TextVersion::kOld);
    if (played.game->solvable()) games.push_back(std::move(played));
  }
  std::sort(games.begin(), games.end(), [](const PlayedGame& a, const PlayedGame& b) { return a.path < b.path; });
  return games;
}

void record_walk(PlayedGame& played, std::size_t steps, std::uint32_t seed) {
  std::mt19937 random(seed);
  State state(played.game);
  std::vector<std::string> admissible;
  std::string feedback;
  for (std::size_t i = 0; i < steps; ++i) {
    state.admissible(admissible);
    played.admissible += static_cast<double>(admissible.size()) / static_cast<double>(steps);
    std::string command = admissible[random() % admissible.size()];
    if (random() % 8 == 0) command = "take " + command;
    state.step(command, feedback);
    played.commands.push_back(std::move(command));
  }
}

}  // namespace alfworld::bench
