// The embedded world: generated games in the official form and under official names, so that the loader, the engine and
// the splits of real data work on them unchanged.
//
// A task is called `<split>/<task_dir>/<trial_dir>` as a real one is. Task types come in equal shares, over floor plans
// of four kinds of rooms, kitchens most. Test has two splits as the paper's tables do: `valid_seen`, floor plans of
// train, and `valid_unseen`, floor plans of its own, none with the same places as one of train. Dev is held out of the
// train games by task directory. No arrangement with the same goal comes twice, in one split or in two.
//
// Pure functions of their arguments, equal on every machine, safe on any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "world/household.h"

namespace alfworld {

enum class WorldSize : std::uint8_t {
  kTiny,   // 5 floor plans and 2 unseen ones; 24 train, 6 dev, 6 + 6 test tasks: for tests
  kNormal  // 18 floor plans and 9 unseen ones; 2,400 train, 120 dev, 250 + 250 test tasks
};

struct MadeTask {
  std::string id;
  GoalKinds goal;
  int wording = 0;         // of the task sentence
  std::uint32_t plan = 0;  // index into World::plans
  Household household;
};

struct MadeSplit {
  std::string name;
  std::uint32_t role = 0;            // IPR_SPLIT_TRAIN, _DEV or _TEST
  std::vector<std::uint32_t> tasks;  // indices into World::tasks
};

struct World {
  std::vector<FloorPlan> plans;
  std::vector<MadeTask> tasks;
  std::vector<MadeSplit> splits;  // train, dev, valid_seen, valid_unseen
};
[[nodiscard]] World generate_world(std::uint64_t seed, WorldSize size);

// The text of the task's `game.tw-pddl`, for read_game. Made when asked for: 3,000 of them would be 40 MB.
[[nodiscard]] std::string game_text(const World& world, const MadeTask& task);

// Names of objects and places as the game shows them, "apple 1", each behind a blank: what a tokenizer trained on these
// games should keep whole. A small model can copy a name that is one token wherever it stands long before it can copy
// one in pieces.
[[nodiscard]] std::vector<std::string> name_tokens();

}  // namespace alfworld
