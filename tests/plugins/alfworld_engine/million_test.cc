#include "tests/plugins/alfworld_engine/small_game.h"
#include "tests/support/catch.h"

namespace alfworld {

TEST_CASE("a game of a million objects loads and plays", "[alfworld][slow]") {
  test::SmallGame small;
  std::string objects;
  std::string facts;
  for (int i = 0; i < 1'000'000; ++i) {
    objects += " thing" + std::to_string(i) + "_bar_";
    if (i % 4 == 0) facts += "(at thing" + std::to_string(i) + "_bar_ hall_bar_2)";
  }
  small.with(&test::SmallGame::problem, "r2 - robot", objects + " - thing r2 - robot");
  small.with(&test::SmallGame::problem, "(shut box_bar_1)", "(shut box_bar_1)" + facts);
  const auto game = small.read();
  State state(game);
  std::vector<std::string> commands;
  state.admissible(commands);
  CHECK(commands.size() == 4);
  std::string feedback;
  CHECK(state.step("walk to hall 1", feedback));
  CHECK(feedback.size() > 250'000 * 10);
}

}  // namespace alfworld
