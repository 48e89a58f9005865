// Everything an episode looks up in its game. Built by read_game, then constant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/commands.h"
#include "engine/facts.h"
#include "engine/game.h"
#include "engine/join.h"
#include "engine/object_names.h"
#include "engine/schema.h"
#include "engine/texts.h"
#include "engine/types.h"
#include "pddl/task.h"

namespace alfworld::engine {

struct GameTables {
  TextVersion version = TextVersion::kOld;
  bool solvable = false;
  std::string task;
  std::vector<std::string> walkthrough;
  std::vector<Entity> entities;

  pddl::Task pddl;
  TypeTable types;
  FactBase base;
  ObjectNames names;
  TextTables texts;
  std::vector<Schema> schemas;            // as the domain's actions
  std::vector<CommandTemplate> commands;  // likewise
  std::size_t longest_command = 0;        // no simple command is longer
  Formula goal;

  std::uint64_t facts_digest = 0;   // of objects, predicates and initial facts: what a saved state refers to
  std::uint64_t future_digest = 0;  // of everything that decides how the game goes on
};

}  // namespace alfworld::engine
