// A small game of another kind than the real ones, whose parts a test can exchange: boxes and keys in rooms.
#pragma once

#include <memory>
#include <string>

#include "engine/state.h"

namespace alfworld::test {

struct SmallGame {
  std::string domain;
  std::string problem;
  std::string grammar;

  // Two rooms, a box in each, two keys; see small_game.cc.
  SmallGame();

  // Exchanges a part that must be there once; `from` and `to` are PDDL or grammar.
  SmallGame& with(std::string SmallGame::*text, const std::string& from, const std::string& to);

  [[nodiscard]] std::string json() const;
  [[nodiscard]] std::shared_ptr<const Game> read() const;
  // What reading it, or playing `command` after that, complains of; empty if nothing.
  [[nodiscard]] std::string error(const std::string& command = "wait") const;
};

}  // namespace alfworld::test
