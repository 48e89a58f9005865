#include "world/world.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "ipr/plugin.h"
#include "world/problem_text.h"

namespace alfworld {
namespace {

constexpr double kDevShare = 0.08;  // of the task directories of the floor plans of train

// How many floor plans of each room, in the order of Room.
using RoomCounts = std::array<std::size_t, kRooms>;

struct Extent {
  RoomCounts seen, unseen;
  std::size_t train, dev, valid_seen, valid_unseen;
};

Extent extent_of(WorldSize size) {
  if (size == WorldSize::kTiny) return {{2, 1, 1, 1}, {1, 0, 1, 0}, 24, 6, 6, 6};
  return {{9, 3, 4, 2}, {4, 2, 2, 1}, 2400, 120, 250, 250};
}

std::string task_dir(const GoalKinds& goal, const FloorPlan& plan) {
  const std::string_view place = goal.type == TaskType::kLook ? "DeskLamp" : place_kinds()[goal.place].name;
  return std::string(name_of(goal.type)) + "-" + std::string(thing_kinds()[goal.thing].name) + "-None-" +
         std::string(place) + "-" + std::to_string(plan.number);
}

// A date and a time of day as real trials have, and the running number for a fraction of a second.
std::string trial_dir(std::size_t number, const Draws& draws) {
  char text[64];
  std::snprintf(text, sizeof text, "trial_T2019%02zu%02zu_%02zu%02zu%02zu_%06zu", 1 + draws.below(12, "month"),
                1 + draws.below(28, "day"), draws.below(24, "hour"), draws.below(60, "minute"),
                draws.below(60, "second"), number);
  return text;
}

// Where everything is, without what only makes ids differ.
std::string arrangement(const MadeTask& task) {
  std::vector<std::string> things;
  for (const Thing& thing : task.household.things) {
    things.push_back(std::to_string(thing.kind) + "@" + std::to_string(thing.place));
  }
  std::sort(things.begin(), things.end());
  std::string text = std::to_string(task.plan) + ":" + std::to_string(static_cast<int>(task.goal.type)) + "," +
                     std::to_string(task.goal.thing) + "," + std::to_string(task.goal.place);
  for (const std::string& thing : things) text += " " + thing;
  return text;
}

std::vector<PlaceKind> places_of(const FloorPlan& plan) {
  std::vector<PlaceKind> kinds;
  for (const Place& place : plan.places) kinds.push_back(place.kind);
  std::sort(kinds.begin(), kinds.end());
  return kinds;
}

class Maker {
 public:
  Maker(std::uint64_t seed, WorldSize size) : seed_(seed), extent_(extent_of(size)) {}

  World go() && {
    const std::vector<std::uint32_t> seen = make_plans(extent_.seen), unseen = make_plans(extent_.unseen);
    // `dev` is a part of train, as it is of real data: its ids say so.
    make_split("train", "train", IPR_SPLIT_TRAIN, seen, extent_.train, Part::kRest);
    make_split("dev", "train", IPR_SPLIT_DEV, seen, extent_.dev, Part::kDev);
    make_split("valid_seen", "valid_seen", IPR_SPLIT_TEST, seen, extent_.valid_seen, Part::kAny);
    make_split("valid_unseen", "valid_unseen", IPR_SPLIT_TEST, unseen, extent_.valid_unseen, Part::kAny);
    return std::move(world_);
  }

 private:
  enum class Part { kAny, kDev, kRest };  // of the task directories

  std::vector<std::uint32_t> make_plans(const RoomCounts& counts) {
    std::vector<std::uint32_t> made;
    for (std::size_t room = 0; room < kRooms; ++room) {
      for (std::size_t i = 0; i < counts.at(room); ++i) {
        made.push_back(static_cast<std::uint32_t>(world_.plans.size()));
        make_plan(static_cast<Room>(room));
      }
    }
    return made;
  }

  // The next floor plan of a room, with other places than all before it.
  void make_plan(Room room) {
    const std::uint32_t number = first_number(room) + next_number_.at(static_cast<std::size_t>(room))++;
    for (std::size_t attempt = 0;; ++attempt) {
      const Draws draws(seed_, "plan " + std::to_string(number) + " " + std::to_string(attempt));
      FloorPlan plan = make_floor_plan(room, number, draws);
      if (!lists_of_places_.insert(places_of(plan)).second) continue;
      world_.plans.push_back(std::move(plan));
      return;
    }
  }

  [[nodiscard]] bool in_part(const std::string& directory, Part part) const {
    if (part == Part::kAny) return true;
    return (Draws(seed_, directory).uniform("dev") < kDevShare) == (part == Part::kDev);
  }

  void make_split(const std::string& name, const std::string& folder, std::uint32_t role,
                  const std::vector<std::uint32_t>& plans, std::size_t count, Part part) {
    MadeSplit split{name, role, {}};
    for (std::size_t attempt = 0; split.tasks.size() < count; ++attempt) {
      const TaskType type = kTaskTypes.at(split.tasks.size() % kTaskTypes.size());
      const Draws draws(seed_, name + " " + std::to_string(attempt));
      MadeTask task;
      task.plan = plans[draws.below(plans.size(), "plan")];
      const FloorPlan& plan = world_.plans[task.plan];
      std::vector<GoalKinds> goals = goals_of(plan);
      std::erase_if(goals,
                    [&](const GoalKinds& goal) { return goal.type != type || !in_part(task_dir(goal, plan), part); });
      if (goals.empty()) continue;
      task.goal = goals[draws.below(goals.size(), "goal")];
      task.wording = static_cast<int>(draws.below(2, "wording"));
      task.household = make_household(plan, task.goal, draws);
      if (!arrangements_.insert(arrangement(task)).second) continue;
      task.id = folder + "/" + task_dir(task.goal, plan) + "/" + trial_dir(world_.tasks.size(), draws);
      split.tasks.push_back(static_cast<std::uint32_t>(world_.tasks.size()));
      world_.tasks.push_back(std::move(task));
    }
    world_.splits.push_back(std::move(split));
  }

  std::uint64_t seed_;
  Extent extent_;
  World world_;
  std::array<std::uint32_t, kRooms> next_number_{};
  std::set<std::vector<PlaceKind>> lists_of_places_;
  std::set<std::string> arrangements_;
};

}  // namespace

World generate_world(std::uint64_t seed, WorldSize size) {
  return Maker(seed, size).go();
}

std::string game_text(const World& world, const MadeTask& task) {
  const std::string trial = task.id.substr(task.id.rfind('/') + 1);
  return game_text(world.plans[task.plan], task.household, task.goal, task.wording, trial);
}

std::vector<std::string> name_tokens() {
  std::vector<std::string> tokens;
  const auto add = [&](std::string_view name) {
    for (const char* number : {" 1", " 2"}) tokens.push_back(" " + shown(name) + number);
  };
  for (const PlaceKindInfo& place : place_kinds()) add(place.name);
  for (const ThingKindInfo& thing : thing_kinds()) add(thing.name);
  return tokens;
}

}  // namespace alfworld
