// Playing generated games on the engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/state.h"
#include "world/expert.h"
#include "world/world.h"

namespace alfworld::test {

[[nodiscard]] std::shared_ptr<const Game> load(const World& world, const MadeTask& task,
                                               TextVersion version = TextVersion::kOld);

// An episode and what the expert has seen of it.
struct Visit {
  explicit Visit(std::shared_ptr<const Game> game) : state(std::move(game)), memory(state.intro()) {}
  bool step(const std::string& command);

  State state;
  Memory memory;
  std::vector<Advice> said;  // by the expert
  bool refused = false;      // some command was not admissible
};

// Lets the expert go on until it wins, knows nothing more, or `most` steps are made.
void follow_expert(Visit& visit, const Draws& draws, const Habits& habits, std::size_t most);

}  // namespace alfworld::test
