#include "world/household.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

namespace alfworld {
namespace {

constexpr std::size_t kLeastThings = 4, kMostThings = 10, kMostOfAKind = 2;
constexpr std::size_t kFavourites = 3;  // places where things of a kind mostly lie
constexpr double kInFavourite = 0.75;

bool is_lamp(ThingKind kind) {
  return (thing_kinds()[kind].traits & kLamp) != 0;
}

bool has_trait(ThingKind kind, std::uint8_t trait) {
  return (thing_kinds()[kind].traits & trait) != 0;
}

bool belongs(ThingKind kind, Room room) {
  return (thing_kinds()[kind].rooms >> static_cast<unsigned>(room) & 1U) != 0;
}

std::vector<ThingKind> kinds_in(Room room) {
  std::vector<ThingKind> kinds;
  for (std::size_t i = 0; i < thing_kinds().size(); ++i) {
    const auto kind = static_cast<ThingKind>(i);
    if (!is_lamp(kind) && belongs(kind, room)) kinds.push_back(kind);
  }
  return kinds;
}

std::vector<std::uint8_t> places_of(const FloorPlan& plan, PlaceKind kind) {
  std::vector<std::uint8_t> found;
  for (std::size_t i = 0; i < plan.places.size(); ++i) {
    if (plan.places[i].kind == kind) found.push_back(static_cast<std::uint8_t>(i));
  }
  return found;
}

// The kinds of places in this plan where a thing may lie, people's choice first.
std::vector<PlaceKind> kinds_for(const FloorPlan& plan, ThingKind thing) {
  std::vector<PlaceKind> kinds;
  for (const PlaceKind kind : thing_kinds()[thing].fits_into) {
    if (!places_of(plan, kind).empty()) kinds.push_back(kind);
  }
  return kinds;
}

// The place where a treatment is done; nothing for goals without one.
std::optional<PlaceKind> appliance(TaskType type) {
  switch (type) {
    case TaskType::kClean:
      return find_place_kind("SinkBasin");
    case TaskType::kHeat:
      return find_place_kind("Microwave");
    case TaskType::kCool:
      return find_place_kind("Fridge");
    default:
      return {};
  }
}

bool can_be_treated(ThingKind thing, TaskType type) {
  switch (type) {
    case TaskType::kClean:
      return has_trait(thing, kCleanable);
    case TaskType::kHeat:
      return has_trait(thing, kHeatable);
    case TaskType::kCool:
      return has_trait(thing, kCoolable);
    default:
      return true;
  }
}

std::optional<ThingKind> lamp_for(const FloorPlan& plan) {
  for (std::size_t i = 0; i < thing_kinds().size(); ++i) {
    const auto kind = static_cast<ThingKind>(i);
    if (is_lamp(kind) && belongs(kind, plan.room) && !kinds_for(plan, kind).empty()) return kind;
  }
  return {};
}

// "_plus_01_dot_25"
std::string coordinate(int hundredths) {
  char text[32];
  const int size = std::abs(hundredths);
  std::snprintf(text, sizeof text, "_%s_%02d_dot_%02d", hundredths < 0 ? "minus" : "plus", size / 100, size % 100);
  return text;
}

std::string id_at(std::string_view base, const Point& at) {
  return std::string(base) + "_bar_" + coordinate(at.x) + "_bar_" + coordinate(at.y) + "_bar_" + coordinate(at.z);
}

// A free spot to look at a place from, or to begin at.
Location free_location(const std::vector<Place>& places, const Draws& draws, std::uint64_t index) {
  constexpr int kDown[] = {0, 30, 60};
  for (std::uint64_t attempt = 0;; ++attempt) {
    const std::uint64_t turn = index * 1000 + attempt;
    const Location location{static_cast<int>(draws.below(25, "location x", turn)) - 12,
                            static_cast<int>(draws.below(25, "location z", turn)) - 12,
                            static_cast<int>(draws.below(4, "turn", turn)), kDown[draws.below(3, "down", turn)]};
    const bool taken =
        std::any_of(places.begin(), places.end(), [&](const Place& place) { return place.seen_from == location; });
    if (!taken) return location;
  }
}

std::uint8_t choose_place(const FloorPlan& plan, ThingKind thing, std::optional<PlaceKind> never, const Draws& draws,
                          std::uint64_t index) {
  std::vector<PlaceKind> kinds = kinds_for(plan, thing);
  if (never) std::erase(kinds, *never);
  const std::size_t favourites = std::min(kinds.size(), kFavourites), others = kinds.size() - favourites;
  const bool favourite = others == 0 || draws.uniform("favourite", index) < kInFavourite;
  const std::size_t kind = favourite ? draws.below(favourites, "which favourite", index)
                                     : favourites + draws.below(others, "which other", index);
  const std::vector<std::uint8_t> places = places_of(plan, kinds[kind]);
  return places[draws.below(places.size(), "which place", index)];
}

// Somewhere on the place; no two things of a household at one point.
Point point_on(const Place& place, const std::vector<Thing>& things, const Draws& draws, std::uint64_t index) {
  for (std::uint64_t attempt = 0;; ++attempt) {
    const std::uint64_t turn = index * 1000 + attempt;
    const Point at{place.at.x + static_cast<int>(draws.below(81, "x", turn)) - 40,
                   place.at.y + static_cast<int>(draws.below(16, "y", turn)),
                   place.at.z + static_cast<int>(draws.below(81, "z", turn)) - 40};
    const bool taken = std::any_of(things.begin(), things.end(), [&](const Thing& thing) { return thing.at == at; });
    if (!taken) return at;
  }
}

// Numbers a game's names: per base the highest free number to the smallest id.
std::vector<std::string> numbered(const std::vector<std::string>& ids, const std::vector<std::string>& bases) {
  std::map<std::string_view, int> left;
  for (const std::string& base : bases) ++left[base];
  std::vector<std::size_t> order(ids.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  std::vector<std::string> names(ids.size());
  for (const std::size_t i : order) names[i] = bases[i] + " " + std::to_string(left[bases[i]]--);
  return names;
}

// Writes commands and keeps track of where the agent stands and which doors are open.
class Walker {
 public:
  Walker(const FloorPlan& plan, const Household& household)
      : plan_(plan), household_(household), names_(shown_names(plan, household)), open_(plan.places.size()) {}

  void go(std::size_t place) {
    if (here_ == place) return;
    here_ = place;
    say("go to " + names_.places[place]);
  }
  void take(std::size_t thing) {
    go(household_.things[thing].place);
    open();
    say("take " + names_.things[thing] + " from " + names_.places[here_]);
  }
  void put(std::size_t thing, std::size_t place) {
    go(place);
    open();
    say("put " + names_.things[thing] + " in/on " + names_.places[place]);
  }
  void treat(std::string_view how, std::size_t thing, std::size_t place) {
    go(place);
    say(std::string(how) + " " + names_.things[thing] + " with " + names_.places[place]);
  }
  void use(std::size_t lamp) {
    go(household_.things[lamp].place);
    say("use " + names_.things[lamp]);
  }
  [[nodiscard]] std::vector<std::string> commands() && { return std::move(commands_); }

 private:
  void open() {
    if (!place_kinds()[plan_.places[here_].kind].has_door || open_[here_]) return;
    open_[here_] = true;
    say("open " + names_.places[here_]);
  }
  void say(std::string command) { commands_.push_back(std::move(command)); }

  const FloorPlan& plan_;
  const Household& household_;
  ShownNames names_;
  std::vector<bool> open_;
  std::size_t here_ = SIZE_MAX;
  std::vector<std::string> commands_;
};

std::vector<std::size_t> things_of(const Household& household, ThingKind kind) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < household.things.size(); ++i) {
    if (household.things[i].kind == kind) found.push_back(i);
  }
  return found;
}

}  // namespace

FloorPlan make_floor_plan(Room room, std::uint32_t number, const Draws& draws) {
  FloorPlan plan{number, room, {}};
  const RoomPlaces& choice = room_places(room);
  std::vector<PlaceKind> kinds = choice.always, more = choice.sometimes;
  draws.shuffle(more, "more places");
  const std::size_t count = choice.least + draws.below(choice.most - choice.least + 1, "place count");
  kinds.insert(kinds.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    Place place;
    place.kind = kinds[i];
    // Half a metre between places, along the rows of a grid: no two at one point.
    place.at = {static_cast<int>(draws.below(400, "place x", i)) - 200,
                static_cast<int>(draws.below(100, "place y", i)),
                static_cast<int>(i) * 50 - 150 + static_cast<int>(draws.below(40, "place z", i))};
    place.seen_from = free_location(plan.places, draws, i);
    plan.places.push_back(place);
  }
  return plan;
}

Goal goal_of(const GoalKinds& kinds) {
  const std::string place = kinds.type == TaskType::kLook ? "desklamp" : shown(place_kinds()[kinds.place].name);
  return {kinds.type, shown(thing_kinds()[kinds.thing].name), place};
}

std::vector<GoalKinds> goals_of(const FloorPlan& plan) {
  std::vector<GoalKinds> goals;
  for (const ThingKind thing : kinds_in(plan.room)) {
    const std::vector<PlaceKind> kinds = kinds_for(plan, thing);
    for (const TaskType type : kTaskTypes) {
      if (!can_be_treated(thing, type)) continue;
      if (type == TaskType::kLook) {
        if (lamp_for(plan)) goals.push_back({type, thing, 0});
        continue;
      }
      const std::optional<PlaceKind> where = appliance(type);
      if (where && places_of(plan, *where).empty()) continue;
      for (const PlaceKind place : kinds) {
        if (kinds.size() > 1 && where != place) goals.push_back({type, thing, place});
      }
    }
  }
  return goals;
}

Household make_household(const FloorPlan& plan, const GoalKinds& goal, const Draws& draws) {
  Household household;
  std::map<ThingKind, std::size_t> counts;
  const auto add = [&](ThingKind kind) {
    const std::size_t index = household.things.size();
    const bool wanted = kind == goal.thing && goal.type != TaskType::kLook;
    Thing thing{kind, 0, {}};
    thing.place = choose_place(plan, kind, wanted ? std::optional(goal.place) : std::nullopt, draws, index);
    thing.at = point_on(plan.places[thing.place], household.things, draws, index);
    household.things.push_back(thing);
    ++counts[kind];
  };
  if (const auto lamp = lamp_for(plan)) add(*lamp);
  const bool two = goal.type == TaskType::kTwo || draws.below(2, "second one") == 0;
  for (std::size_t i = 0; i < (two ? 2U : 1U); ++i) add(goal.thing);
  std::vector<ThingKind> others;
  for (const ThingKind kind : kinds_in(plan.room)) {
    if (kind != goal.thing) others.insert(others.end(), kMostOfAKind, kind);
  }
  draws.shuffle(others, "other things");
  const std::size_t count = kLeastThings + draws.below(kMostThings - kLeastThings + 1, "thing count");
  for (const ThingKind kind : others) {
    if (household.things.size() < count) add(kind);
  }
  household.start = free_location(plan.places, draws, plan.places.size());
  return household;
}

std::string id_of(const Place& place) {
  const std::string_view name = place_kinds()[place.kind].name;
  if (!name.ends_with("Basin")) return id_at(name, place.at);
  return id_at(name.substr(0, name.size() - 5), place.at) + "_bar_" + std::string(name);
}

std::string id_of(const Thing& thing) {
  return id_at(thing_kinds()[thing.kind].name, thing.at);
}

std::string id_of(const Location& location) {
  std::string id = "loc";
  for (const int number : {location.x, location.z, location.turn, location.down}) {
    id += number < 0 ? "_bar__minus_" : "_bar_";
    id += std::to_string(std::abs(number));
  }
  return id;
}

ShownNames shown_names(const FloorPlan& plan, const Household& household) {
  std::vector<std::string> place_ids, place_bases, thing_ids, thing_bases;
  for (const Place& place : plan.places) {
    place_ids.push_back(shown(id_of(place)));
    place_bases.push_back(shown(place_kinds()[place.kind].name));
  }
  for (const Thing& thing : household.things) {
    thing_ids.push_back(shown(id_of(thing)));
    thing_bases.push_back(shown(thing_kinds()[thing.kind].name));
  }
  return {numbered(place_ids, place_bases), numbered(thing_ids, thing_bases)};
}

std::vector<std::string> walkthrough(const FloorPlan& plan, const Household& household, const GoalKinds& goal) {
  Walker walker(plan, household);
  const std::vector<std::size_t> wanted = things_of(household, goal.thing);
  if (goal.type == TaskType::kLook) {
    walker.take(wanted.front());
    walker.use(things_of(household, *lamp_for(plan)).front());
    return std::move(walker).commands();
  }
  const std::size_t place = places_of(plan, goal.place).front();
  for (std::size_t i = 0; i < (goal.type == TaskType::kTwo ? 2U : 1U); ++i) {
    walker.take(wanted[i]);
    if (const auto where = appliance(goal.type)) {
      walker.treat(treatment(goal.type), wanted[i], places_of(plan, *where).front());
    }
    walker.put(wanted[i], place);
  }
  return std::move(walker).commands();
}

}  // namespace alfworld
