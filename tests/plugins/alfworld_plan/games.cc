#include "tests/plugins/alfworld_plan/games.h"

#include <nlohmann/json.hpp>
#include <random>

#include "pddl/reader.h"
#include "tests/plugins/alfworld_engine/shipped_games.h"
#include "tests/support/shared_data.h"

namespace alfworld::test {

std::shared_ptr<const Game> small_game(const std::string& domain, const std::string& problem,
                                       const std::vector<std::string>& walkthrough) {
  const pddl::Task task = pddl::read_task({"small game: domain", domain}, {"small game: problem", problem});
  std::string grammar =
      "grammar :: \"\"\"{\"intro\": [{\"rhs\": \"#task#\"}], \"task\": [{\"rhs\": \"Your task is to: "
      "win.\"}]}\"\"\";\n";
  for (const pddl::Action& action : task.domain.actions) {
    grammar += "action " + action.name + " { template :: \"" + action.name;
    for (std::uint32_t i = 0; i < action.parameter_count; ++i) grammar += " {" + action.variables[i].name + "}";
    grammar += "\"; feedback :: \"Done.\"; }\n";
  }
  nlohmann::json file = {{"pddl_domain", domain}, {"pddl_problem", problem}, {"grammar", grammar}, {"solvable", true}};
  if (!walkthrough.empty()) file["walkthrough"] = walkthrough;
  return read_game(file.dump(), "small game", TextVersion::kNew);
}

std::vector<std::shared_ptr<const Game>> solvable_games(const std::string& folder, std::size_t first,
                                                        std::size_t stride) {
  std::vector<std::shared_ptr<const Game>> games;
  const std::string root = ipr::test::shared_file("data/alfworld/" + folder);
  if (root.empty()) return games;
  const auto paths = game_files(root);
  for (std::size_t i = first; i < paths.size(); i += stride) {
    auto game = read_game_file(paths[i], TextVersion::kOld);
    if (game->solvable()) games.push_back(std::move(game));
  }
  return games;
}

State wander(const std::shared_ptr<const Game>& game, std::uint32_t seed, std::size_t most) {
  std::mt19937 random(seed);
  State state(game);
  std::vector<std::string> commands;
  std::string feedback;
  for (std::size_t left = random() % (most + 1); left > 0; --left) {
    state.admissible(commands);
    if (commands.empty()) break;
    state.step(commands[random() % commands.size()], feedback);
  }
  return state;
}

bool wins(State state, const std::vector<std::string>& commands) {
  std::string feedback;
  for (const std::string& command : commands) {
    if (!state.step(command, feedback)) return false;
  }
  return state.won();
}

}  // namespace alfworld::test
