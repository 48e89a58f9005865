// Games played with the original engine, byte for byte: texts, admissible commands, won; and what has to hold at every
// step of them: a fork, a replay and a saved state go on alike.
#include <map>

#include "engine/state.h"
#include "ipr/plugin.hpp"
#include "tests/plugins/alfworld_engine/shipped_games.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

namespace alfworld {
namespace {

using ipr::Json;
using test::file_text;
using test::game_files;
using test::golden_records;
using test::read_game_file;

std::vector<std::string> admissible(const State& state) {
  std::vector<std::string> commands;
  state.admissible(commands);
  return commands;
}

void check_entities(const Json& expected, const Game& game) {
  REQUIRE(game.entities().size() == expected.size());
  for (const Entity& entity : game.entities()) {
    CAPTURE(entity.id);
    CHECK(expected.at(entity.id) == Json::array({entity.name, entity.type}));
  }
}

// Everything that a player can see of a state.
struct View {
  std::string feedback;
  std::vector<std::string> commands;
  bool won;
  std::uint64_t fingerprint;
  friend bool operator==(const View&, const View&) = default;
};

View take(State& state, const std::string& command) {
  View view;
  state.step(command, view.feedback);
  view.commands = admissible(state);
  view.won = state.won();
  view.fingerprint = state.fingerprint();
  return view;
}

// Plays the rest of an episode from copies taken in three ways before step `at`.
void check_continuations(const std::shared_ptr<const Game>& game, const Json& steps, std::size_t at,
                         const State& state) {
  State fork = state;
  State loaded = State::load(game, state.save());
  State replayed(game);
  std::string feedback;
  for (std::size_t i = 0; i < at; ++i) replayed.step(steps[i].at("cmd").get<std::string>(), feedback);
  REQUIRE(fork == replayed);
  REQUIRE(loaded == replayed);
  for (std::size_t i = at; i < steps.size(); ++i) {
    const auto command = steps[i].at("cmd").get<std::string>();
    const View expected = take(replayed, command);
    REQUIRE(take(fork, command) == expected);
    REQUIRE(take(loaded, command) == expected);
  }
}

std::size_t check_episode(const std::shared_ptr<const Game>& game, const Json& episode, bool with_continuations) {
  State state(game);
  REQUIRE(state.intro() == episode.at("reset").at("obs").get<std::string>());
  REQUIRE(admissible(state) == episode.at("reset").at("adm").get<std::vector<std::string>>());
  REQUIRE(state.won() == episode.at("reset").at("won").get<bool>());
  const Json& steps = episode.at("steps");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Json& step = steps[i];
    const auto command = step.at("cmd").get<std::string>();
    CAPTURE(i, command);
    if (with_continuations) {
      const State before = state;
      check_continuations(game, steps, i, state);
      REQUIRE(state == before);
    }
    std::string feedback;
    const bool taken = state.step(command, feedback);
    REQUIRE(feedback == step.at("obs").get<std::string>());
    REQUIRE(taken == (feedback != "Nothing happens."));
    REQUIRE(admissible(state) == step.at("adm").get<std::vector<std::string>>());
    REQUIRE(state.won() == step.at("won").get<bool>());
    REQUIRE(state.won() == step.at("done").get<bool>());
    REQUIRE((state.won() ? 1 : 0) == step.at("score").get<int>());
  }
  return steps.size();
}

void check_records(const std::string& name, std::size_t expected_games, std::size_t expected_steps) {
  const std::string path = ipr::test::shared_file("golden/alfworld/" + name);
  const std::string root = ipr::test::shared_file("data/alfworld");
  if (path.empty() || root.empty()) return;
  const auto records = golden_records(path);
  std::size_t steps = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Json& record = records[i];
    const auto file = record.at("path").get<std::string>();
    CAPTURE(file);
    const bool is_old = record.at("format") == "old";
    const auto game = read_game_file(root + "/" + file, is_old ? TextVersion::kOld : TextVersion::kNew);
    check_entities(record.at("entities"), *game);
    // Quadratic in the episode's length: on some games only.
    for (const Json& episode : record.at("episodes")) steps += check_episode(game, episode, i % 6 == 0);
  }
  CHECK(records.size() == expected_games);
  CHECK(steps == expected_steps);
}

}  // namespace

TEST_CASE("games of the old generation play as recorded", "[alfworld][golden]") {
  check_records("play_old.jsonl.gz", 60, 2833);
}

TEST_CASE("games of the new generation play as recorded", "[alfworld][golden]") {
  check_records("play_new.jsonl.gz", 60, 2819);
}

TEST_CASE("slicing, shared places and the floor list play as recorded", "[alfworld][golden]") {
  check_records("extra.jsonl.gz", 12, 653);
}

TEST_CASE("walkthroughs win in exactly their length, in both text versions", "[alfworld][golden]") {
  const std::string root = ipr::test::shared_file("data/alfworld/json_2.1.3");
  if (root.empty()) return;
  const auto files = game_files(root);
  CHECK(files.size() == 242);
  for (const std::string& file : files) {
    CAPTURE(file);
    for (const TextVersion version : {TextVersion::kOld, TextVersion::kNew}) {
      const auto game = read_game_file(file, version);
      REQUIRE(game->solvable());
      REQUIRE(game->walkthrough().size() >= 3);
      State state(game);
      for (const std::string& command : game->walkthrough()) {
        CAPTURE(command);
        std::string feedback;
        REQUIRE(!state.won());
        REQUIRE(state.step(command, feedback));
      }
      REQUIRE(state.won());
    }
  }
}

// The one that does not load is not offered either: its facts use predicates that its domain lacks, and the original
// engine fails on it too.
TEST_CASE("all games of json_2.1.1 load but one", "[alfworld][golden]") {
  const std::string root = ipr::test::shared_file("data/alfworld/json_2.1.1");
  if (root.empty()) return;
  const auto files = game_files(root);
  CHECK(files.size() == 255);
  std::size_t solvable = 0;
  std::vector<std::string> errors;
  for (const std::string& file : files) {
    CAPTURE(file);
    try {
      const auto game = read_game_file(file, TextVersion::kOld);
      solvable += game->solvable() ? 1 : 0;
      REQUIRE(!game->task().empty());
      REQUIRE(State(game).intro().ends_with("Your task is to: " + game->task()));
    } catch (const ipr::sdk::Failure& failure) {
      errors.emplace_back(failure.what());
    }
  }
  CHECK(solvable == 250);
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Catch::Contains("pick_and_place_with_movable_recep-ButterKnife-Cup-CounterTop-10") &&
                            Catch::Contains("pddl_problem: line 78, column 1: its type \"receptacleobject\""));
}

}  // namespace alfworld
