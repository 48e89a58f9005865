// One game, read from a `game.tw-pddl`: its domain and problem, its texts, and what an episode looks up.
//
// Immutable after read_game and safe on any thread. Shared by the episodes that play it and by whoever caches games;
// the last of them frees it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pddl/task.h"

namespace alfworld {

namespace engine {
struct GameTables;
}  // namespace engine

// The two generations of game files: `put X in/on Y` and `You arrive at loc 7.` (files of json_2.1.1; what IPR and ETO
// use), or `move X to Y`, `You arrive at fridge 1.` and a `help` command (files of json_2.1.3).
enum class TextVersion : std::uint8_t { kOld, kNew };

struct Entity {
  std::string id;    // lower case: "apple_bar__plus_00_dot_10_…"
  std::string name;  // as shown: "apple 3"
  std::string type;  // "object", "receptacle", "location"
};

class Game {
 public:
  explicit Game(std::unique_ptr<const engine::GameTables> tables);
  ~Game();
  Game(const Game&) = delete;
  Game& operator=(const Game&) = delete;

  // The sentence after "Your task is to: ", with its full stop.
  [[nodiscard]] const std::string& task() const;
  // What has a numbered name: the objects, receptacles and locations of some initial fact, by id.
  [[nodiscard]] const std::vector<Entity>& entities() const;
  // The file's expert solution in this game's text version; empty where the file has none.
  [[nodiscard]] const std::vector<std::string>& walkthrough() const;
  // The file's key `solvable`; false where it is absent.
  [[nodiscard]] bool solvable() const;
  [[nodiscard]] TextVersion text_version() const;

  // The domain's actions, predicates and types; the problem's objects, initial facts and goal. Initial facts are
  // State's start, predicates that nothing reads included.
  [[nodiscard]] const pddl::Domain& domain() const;
  [[nodiscard]] const pddl::Problem& problem() const;
  // The name of an object as shown. What has no number (the agent, types, objects in no initial fact) is called by its
  // id and a blank.
  [[nodiscard]] std::string_view name(pddl::ObjectId object) const;

  [[nodiscard]] const engine::GameTables& tables() const { return *tables_; }

 private:
  std::unique_ptr<const engine::GameTables> tables_;
};

// Reads the text of one `game.tw-pddl`. `file` names it in errors. The game is converted where its generation is not
// `version`. Throws sdk::Failure (IPR_DATA_LOSS) naming file and place.
[[nodiscard]] std::shared_ptr<const Game> read_game(std::string_view json, const std::string& file,
                                                    TextVersion version);

}  // namespace alfworld
