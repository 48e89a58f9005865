// Generated households: floor plans with their places, and what lies where when an episode begins.
//
// Shape: a room of one of four kinds with 4 to 7 places, each at a location of its own, and 4 to 10 things, at most two
// of a kind, most of them where people leave things of that kind. The goal's things never lie in a place of the goal's
// kind at first, so that every goal is still to be reached. Rooms where a desk lamp can stand have one.
//
// Ids are in ALFRED's form, `Apple_bar__plus_00_dot_10_bar__plus_00_dot_95_bar__minus_01_dot_20`. The numbers the game
// shows ("apple 2") follow from the order of the ids, hence from the coordinates, and say nothing about the place.
//
// Pure functions of their arguments, equal on every machine, safe on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipr/draws.hpp"
#include "world/goal.h"
#include "world/vocabulary.h"

namespace alfworld {

using ipr::sdk::Draws;

// Hundredths of a metre.
struct Point {
  int x = 0, y = 0, z = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

// Where the agent stands: quarters of a metre, quarter turns, degrees down.
struct Location {
  int x = 0, z = 0, turn = 0, down = 0;
  friend bool operator==(const Location&, const Location&) = default;
};

struct Place {
  PlaceKind kind = 0;
  Point at;
  Location seen_from;
};

struct FloorPlan {
  std::uint32_t number = 0;
  Room room = Room::kKitchen;
  std::vector<Place> places;
};

// `draws` is of (world seed, number, attempt): a caller who wants another set of places tries again.
[[nodiscard]] FloorPlan make_floor_plan(Room room, std::uint32_t number, const Draws& draws);

struct Thing {
  ThingKind kind = 0;
  std::uint8_t place = 0;  // index into the plan's places
  Point at;
};

struct Household {
  std::vector<Thing> things;
  Location start;
};

// A goal by kinds; `lamp` stands for the place where the type is kLook.
struct GoalKinds {
  TaskType type = TaskType::kPlace;
  ThingKind thing = 0;
  PlaceKind place = 0;
};
[[nodiscard]] Goal goal_of(const GoalKinds& kinds);

// The goals that can be set in a floor plan.
[[nodiscard]] std::vector<GoalKinds> goals_of(const FloorPlan& plan);

// One arrangement for a goal of goals_of(plan).
[[nodiscard]] Household make_household(const FloorPlan& plan, const GoalKinds& goal, const Draws& draws);

// ---- ids and names
[[nodiscard]] std::string id_of(const Place& place);
[[nodiscard]] std::string id_of(const Thing& thing);
[[nodiscard]] std::string id_of(const Location& location);

// What the game shows, parallel to places and things.
struct ShownNames {
  std::vector<std::string> places, things;
};
[[nodiscard]] ShownNames shown_names(const FloorPlan& plan, const Household& household);

// Commands that win, of someone who knows where everything lies; in the old text generation.
[[nodiscard]] std::vector<std::string> walkthrough(const FloorPlan& plan, const Household& household,
                                                   const GoalKinds& goal);

}  // namespace alfworld
