// Loaded games, kept while there is room: thousands of files lie in a data folder, and an episode needs one.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "data/task_set.h"
#include "engine/game.h"

namespace alfworld {

// A game and what is told of it at every reset, made once.
struct LoadedGame {
  std::shared_ptr<const Game> game;  // shared by the episodes that play it
  std::string intro_json;            // `"entities":{"<id>":["<name>","<type>"],…}`
};

// Safe on any thread.
class GameCache {
 public:
  using Read = std::function<std::shared_ptr<const Game>(const GameTask&)>;
  // `most` games are kept, the ones used last. Episodes keep theirs alive beyond that.
  GameCache(Read read, std::size_t most) : read_(std::move(read)), most_(most) {}

  // Reads the game if it is not there, without holding others up; two that ask at once may both read it, and the first
  // is kept. Passes on what `read` throws; nothing is remembered of that.
  [[nodiscard]] std::shared_ptr<const LoadedGame> get(const GameTask& task);

 private:
  using Kept = std::list<std::pair<std::string, std::shared_ptr<const LoadedGame>>>;  // last used first
  [[nodiscard]] std::shared_ptr<const LoadedGame> look_up(std::string_view id);

  Read read_;
  std::size_t most_;
  std::mutex mutex_;
  Kept kept_;
  std::unordered_map<std::string_view, Kept::iterator> by_id_;
};

}  // namespace alfworld
