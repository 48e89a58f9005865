// The planner and the expert on the games that come with the shared folder.
#include <iostream>

#include "plan/expert.h"
#include "plan/planner.h"
#include "tests/plugins/alfworld_plan/games.h"
#include "tests/support/catch.h"

namespace alfworld {
namespace {

using test::solvable_games;
using test::wander;
using test::wins;

struct Count {
  std::size_t states = 0, solved = 0;
  double ratio = 0;  // of plan and walkthrough lengths, summed over `compared`
  std::size_t compared = 0;
};

void plan_from(const State& state, bool compare, Count& count) {
  ++count.states;
  const auto found = find_plan(state);
  if (!found || !wins(state, *found)) return;
  ++count.solved;
  const std::size_t walkthrough = state.game().walkthrough().size();
  if (!compare || walkthrough == 0) return;
  count.ratio += static_cast<double>(found->size()) / static_cast<double>(walkthrough);
  ++count.compared;
}

void check(const Count& count) {
  CAPTURE(count.states, count.solved);
  CHECK(static_cast<double>(count.solved) >= 0.99 * static_cast<double>(count.states));
}

}  // namespace

TEST_CASE("shipped games are solved from the start, hardly longer than the walkthrough", "[alfworld][plan]") {
  for (const char* folder : {"json_2.1.1", "json_2.1.3"}) {
    Count count;
    for (const auto& game : solvable_games(folder, 0, 2)) plan_from(State(game), true, count);
    CAPTURE(folder);
    check(count);
    if (count.compared > 0) CHECK(count.ratio / static_cast<double>(count.compared) < 1.05);
  }
}

TEST_CASE("shipped games are solved from states in the middle", "[alfworld][plan]") {
  for (const char* folder : {"json_2.1.1", "json_2.1.3"}) {
    Count count;
    for (const auto& game : solvable_games(folder, 1, 4)) {
      for (const std::uint32_t seed : {1U, 2U}) plan_from(wander(game, seed, 15), false, count);
    }
    CAPTURE(folder);
    check(count);
  }
}

TEST_CASE("a state has one plan", "[alfworld][plan]") {
  const auto games = solvable_games("json_2.1.3", 0, 40), again = solvable_games("json_2.1.3", 0, 40);
  for (std::size_t i = 0; i < games.size(); ++i) {
    CHECK(find_plan(wander(games[i], 7, 15)) == find_plan(wander(again[i], 7, 15)));
  }
}

TEST_CASE("the expert plays the walkthrough, word for word", "[alfworld][plan]") {
  for (const auto& game : solvable_games("json_2.1.3", 0, 10)) {
    State state(game);
    ExpertMemory memory;
    std::vector<std::string> played;
    std::string action, thought, feedback;
    while (expert_advice(state, memory, action, thought)) {
      CHECK_FALSE(thought.empty());
      REQUIRE(state.step(action, feedback));
      played.push_back(action);
    }
    CHECK(state.won());
    CHECK(played == state.game().walkthrough());
    CHECK(memory.plan == nullptr);
  }
}

TEST_CASE("the expert wins from anywhere, against an agent that strays", "[alfworld][plan]") {
  for (const auto& game : solvable_games("json_2.1.1", 0, 12)) {
    State state = wander(game, 3, 15);
    ExpertMemory memory;
    std::string action, thought, feedback;
    std::vector<std::string> commands;
    for (int step = 0; step < 40 && expert_advice(state, memory, action, thought); ++step) {
      // Every fifth command is not the expert's.
      state.admissible(commands);
      if (step % 5 == 3) action = commands[static_cast<std::size_t>(step) % commands.size()];
      memory.refused = !state.step(action, feedback);
      CHECK_FALSE(memory.refused);
    }
    CAPTURE(game->task());
    CHECK(state.won());
  }
}

TEST_CASE("every shipped game, from the start and from eight states in the middle", "[alfworld][plan][.slow]") {
  for (const char* folder : {"json_2.1.1", "json_2.1.3"}) {
    Count start, middle;
    for (const auto& game : solvable_games(folder)) {
      plan_from(State(game), true, start);
      for (std::uint32_t seed = 100; seed < 108; ++seed) plan_from(wander(game, seed, 15), false, middle);
    }
    std::cout << folder << ": start " << start.solved << " of " << start.states << ", ratio "
              << (start.compared > 0 ? start.ratio / static_cast<double>(start.compared) : 0) << "; middle "
              << middle.solved << " of " << middle.states << "\n";
    check(start);
    check(middle);
  }
}

}  // namespace alfworld
