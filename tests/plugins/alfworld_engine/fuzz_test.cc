// Damaged games: whatever the damage, reading and playing end with a game or with one error. The seeds are fixed;
// IPR_FUZZ_ROUNDS asks for more of them.
#include <cstdlib>
#include <random>

#include "ipr/plugin.hpp"
#include "tests/plugins/alfworld_engine/shipped_games.h"
#include "tests/plugins/alfworld_engine/small_game.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

namespace alfworld {
namespace {

using test::SmallGame;

std::size_t rounds(std::size_t usual) {
  const char* asked = std::getenv("IPR_FUZZ_ROUNDS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : usual;
}

// Bytes, tokens and lines exchanged, doubled and left out.
class Damage {
 public:
  explicit Damage(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  void damage(std::string& text) {
    for (std::size_t i = 1 + below(3); i > 0 && !text.empty(); --i) {
      const std::size_t at = below(text.size());
      switch (below(6)) {
        case 0:
          text[at] = kBytes[below(kBytes.size())];
          break;
        case 1:
          text.erase(at, 1 + below(8));
          break;
        case 2:
          text.insert(at, 1, kBytes[below(kBytes.size())]);
          break;
        case 3:
          text.insert(at, text.substr(below(text.size()), below(60)));
          break;
        case 4: {
          const std::string from = token(text, at);
          const std::string to = token(text, below(text.size()));
          const std::size_t found = text.find(from);
          if (!from.empty() && found != std::string::npos) text.replace(found, from.size(), to);
          break;
        }
        default:
          if (below(8) == 0) text.resize(at);
      }
    }
  }

 private:
  static std::string token(const std::string& text, std::size_t at) {
    const std::size_t begin = text.find_first_of("?#:_abcdefghijklmnopqrstuvwxyz", at);
    if (begin == std::string::npos) return {};
    const std::size_t end = text.find_first_not_of("?#:_abcdefghijklmnopqrstuvwxyz", begin);
    return text.substr(begin, end - begin);
  }

  static constexpr std::string_view kBytes = "()\"{}[]#|&:;.,?-'\n\t ax_0\\";
  std::mt19937 random_;
};

// Returns whether the game could be read.
bool read_and_play(const SmallGame& damaged, Damage& random, std::size_t steps) {
  bool is_read = false;
  try {
    const auto game = damaged.read();
    is_read = true;
    State state(game);
    REQUIRE(State::load(game, state.save()) == state);
    static_cast<void>(state.intro());
    std::vector<std::string> commands;
    std::string feedback;
    for (std::size_t i = 0; i < steps; ++i) {
      state.admissible(commands);
      if (commands.empty()) break;
      const std::string command = commands[random.below(commands.size())];
      CAPTURE(command);
      const State before = state;
      const bool taken = state.step(command, feedback);
      // Blanks around a command are not part of it, so one that has some cannot be played.
      const bool has_blanks = command.empty() || command.front() == ' ' || command.back() == ' ';
      REQUIRE((taken || has_blanks || command.find_first_of("\n\t") != std::string::npos));
      REQUIRE(State::load(game, state.save()) == state);
      static_cast<void>(state.won());
    }
  } catch (const ipr::sdk::Failure& failure) {
    const std::string what = failure.what();
    REQUIRE(!what.empty());
    REQUIRE((failure.code() == IPR_RESOURCE_EXHAUSTED || what.starts_with("small: ")));
  }
  return is_read;
}

std::size_t fuzz(const SmallGame& game, std::size_t count, std::uint32_t first_seed, std::size_t steps) {
  constexpr std::string SmallGame::*kTexts[] = {&SmallGame::domain, &SmallGame::problem, &SmallGame::grammar};
  std::size_t read = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto seed = static_cast<std::uint32_t>(first_seed + i);
    CAPTURE(seed);
    Damage random(seed);
    SmallGame damaged = game;
    random.damage(damaged.*kTexts[random.below(3)]);
    read += read_and_play(damaged, random, steps) ? 1 : 0;
  }
  return read;
}

}  // namespace

TEST_CASE("a damaged small game is read and played, or refused", "[alfworld][fuzz]") {
  const std::size_t count = rounds(3000);
  const std::size_t read = fuzz(SmallGame(), count, 1, 8);
  CHECK(read > count / 20);
  CHECK(read < count);
}

TEST_CASE("a damaged real game is read and played, or refused", "[alfworld][fuzz]") {
  const std::string root = ipr::test::shared_file("data/alfworld/json_2.1.3/valid_seen");
  if (root.empty()) return;
  const auto json = ipr::Json::parse(test::file_text(test::game_files(root).front()));
  SmallGame real;
  real.domain = json.at("pddl_domain").get<std::string>();
  real.problem = json.at("pddl_problem").get<std::string>();
  real.grammar = json.at("grammar").get<std::string>();
  static_cast<void>(fuzz(real, rounds(300), 1'000'000, 5));
}

TEST_CASE("damaged JSON is read or refused", "[alfworld][fuzz]") {
  const std::string whole = SmallGame().json();
  for (std::size_t i = 0; i < rounds(1000); ++i) {
    Damage random(static_cast<std::uint32_t>(i));
    std::string json = whole;
    random.damage(json);
    CAPTURE(i);
    try {
      static_cast<void>(read_game(json, "small", TextVersion::kNew));
    } catch (const ipr::sdk::Failure& failure) {
      REQUIRE(std::string(failure.what()).starts_with("small: "));
    }
  }
}

}  // namespace alfworld
