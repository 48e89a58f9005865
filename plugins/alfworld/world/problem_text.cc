#include "world/problem_text.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>

#include "world/domain_text.h"

namespace alfworld {
namespace {

// Types that the domain's actions name must be declared, met or not.
constexpr std::array<std::string_view, 4> kNamedPlaces = {"SinkBasin", "Sink", "Microwave", "Fridge"};
constexpr std::array<std::string_view, 2> kNamedThings = {"Knife", "ButterKnife"};

void append(std::initializer_list<std::string_view> parts, std::string& out) {
  for (const std::string_view part : parts) out += part;
}

std::string type_of(const Place& place) {
  return std::string(place_kinds()[place.kind].name) + "Type";
}
std::string type_of(const Thing& thing) {
  return std::string(thing_kinds()[thing.kind].name) + "Type";
}

void append_objects(const FloorPlan& plan, const Household& household, std::string& out) {
  std::set<std::string> place_types, thing_types;
  for (const std::string_view name : kNamedPlaces) place_types.insert(std::string(name) + "Type");
  for (const std::string_view name : kNamedThings) thing_types.insert(std::string(name) + "Type");
  for (const Place& place : plan.places) place_types.insert(type_of(place));
  for (const Thing& thing : household.things) thing_types.insert(type_of(thing));
  out += "(:objects\n  agent1 - agent\n";
  for (const std::string& type : thing_types) append({"  ", type, " - otype\n"}, out);
  for (const std::string& type : place_types) append({"  ", type, " - rtype\n"}, out);
  for (const Thing& thing : household.things) append({"  ", id_of(thing), " - object\n"}, out);
  for (const Place& place : plan.places) {
    append({"  ", id_of(place), " - receptacle\n  ", id_of(place.seen_from), " - location\n"}, out);
  }
  append({"  ", id_of(household.start), " - location)\n"}, out);
}

void append_places(const FloorPlan& plan, std::string& out) {
  for (const Place& place : plan.places) {
    const std::string id = id_of(place);
    append({"  (receptacleType ", id, " ", type_of(place), ")\n"}, out);
    append({"  (receptacleAtLocation ", id, " ", id_of(place.seen_from), ")\n"}, out);
    if (place_kinds()[place.kind].has_door) append({"  (openable ", id, ")\n"}, out);
  }
}

void append_things(const FloorPlan& plan, const Household& household, std::string& out) {
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 6> kWords = {{{kCleanable, "cleanable"},
                                                                                {kHeatable, "heatable"},
                                                                                {kCoolable, "coolable"},
                                                                                {kSliceable, "sliceable"},
                                                                                {kHolder, "isReceptacleObject"},
                                                                                {kLamp, "toggleable"}}};
  for (const Thing& thing : household.things) {
    const std::string id = id_of(thing);
    const Place& place = plan.places[thing.place];
    const std::uint8_t traits = thing_kinds()[thing.kind].traits;
    append({"  (objectType ", id, " ", type_of(thing), ")\n"}, out);
    append({"  (inReceptacle ", id, " ", id_of(place), ")\n"}, out);
    append({"  (objectAtLocation ", id, " ", id_of(place.seen_from), ")\n"}, out);
    if ((traits & kLamp) == 0) append({"  (pickupable ", id, ")\n"}, out);
    for (const auto& [trait, word] : kWords) {
      if ((traits & trait) != 0) append({"  (", word, " ", id, ")\n"}, out);
    }
  }
}

void append_fits(const FloorPlan& plan, const Household& household, std::string& out) {
  std::set<std::string> facts;
  for (const Place& place : plan.places) {
    for (const Thing& thing : household.things) {
      if (fits(thing.kind, place.kind)) facts.insert(type_of(place) + " " + type_of(thing));
    }
  }
  for (const std::string& fact : facts) append({"  (canContain ", fact, ")\n"}, out);
}

std::string wanted_thing(const std::string& variable, const std::string& type) {
  return "(objectType " + variable + " " + type + ")";
}

std::string goal_text(const GoalKinds& goal) {
  const std::string thing = std::string(thing_kinds()[goal.thing].name) + "Type";
  const std::string place = std::string(place_kinds()[goal.place].name) + "Type";
  const std::string in_place = "(receptacleType ?r " + place + ") (inReceptacle ?o ?r)";
  const auto placed = [&](const std::string& more) {
    return "(exists (?r - receptacle) (exists (?o - object) (and " + wanted_thing("?o", thing) + " " + in_place + more +
           ")))";
  };
  switch (goal.type) {
    case TaskType::kPlace:
      return placed("");
    case TaskType::kClean:
      return placed(" (cleanable ?o) (isClean ?o)");
    case TaskType::kHeat:
      return placed(" (heatable ?o) (isHot ?o)");
    case TaskType::kCool:
      return placed(" (coolable ?o) (isCool ?o)");
    case TaskType::kTwo:
      return placed(" (exists (?o2 - object) (and (not (= ?o ?o2)) " + wanted_thing("?o2", thing) +
                    " (inReceptacle ?o2 ?r)))");
    case TaskType::kLook:
      return "(exists (?ot - object ?r - receptacle ?a - agent ?l - location) (and (objectType ?ot DeskLampType) "
             "(toggleable ?ot) (isToggled ?ot) (receptacleAtLocation ?r ?l) (atLocation ?a ?l) (inReceptacle ?ot "
             "?r)))\n"
             "  (exists (?o - object ?a - agent) (and " +
             wanted_thing("?o", thing) + " (holds ?a ?o)))";
  }
  return "";
}

}  // namespace

std::string problem_text(const FloorPlan& plan, const Household& household, const GoalKinds& goal,
                         const std::string& trial) {
  std::string text = "(define (problem plan_" + trial + ")\n(:domain alfred)\n";
  append_objects(plan, household, text);
  text += "(:init\n";
  append({"  (atLocation agent1 ", id_of(household.start), ")\n"}, text);
  append_places(plan, text);
  append_things(plan, household, text);
  append_fits(plan, household, text);
  append({")\n(:goal (and\n  ", goal_text(goal), ")))\n"}, text);
  return text;
}

std::string game_text(const FloorPlan& plan, const Household& household, const GoalKinds& goal, int wording,
                      const std::string& trial) {
  nlohmann::ordered_json game;
  game["pddl_domain"] = domain_text();
  game["grammar"] = grammar_text(sentence(goal_of(goal), wording));
  game["pddl_problem"] = problem_text(plan, household, goal, trial);
  game["solvable"] = true;
  game["walkthrough"] = walkthrough(plan, household, goal);
  return game.dump();
}

}  // namespace alfworld
