#include "world/world.h"

#include <map>
#include <regex>
#include <set>
#include <string>

#include "core/base/json.h"
#include "ipr/plugin.h"
#include "tests/plugins/alfworld_world/play.h"
#include "tests/support/catch.h"
#include "world/problem_text.h"

using namespace alfworld;
using alfworld::test::load;

namespace {

std::string part(const std::string& id, std::size_t number) {
  std::size_t begin = 0;
  for (; number > 0; --number) begin = id.find('/', begin) + 1;
  return id.substr(begin, id.find('/', begin) - begin);
}

std::set<std::string> parts(const World& world, const std::string& split, std::size_t number) {
  std::set<std::string> found;
  for (const MadeSplit& made : world.splits) {
    if (made.name != split) continue;
    for (const std::uint32_t task : made.tasks) found.insert(part(world.tasks[task].id, number));
  }
  return found;
}

std::set<std::uint32_t> plans(const World& world, const std::string& split) {
  std::set<std::uint32_t> found;
  for (const MadeSplit& made : world.splits) {
    if (made.name != split) continue;
    for (const std::uint32_t task : made.tasks) found.insert(world.tasks[task].plan);
  }
  return found;
}

bool share_any(const auto& one, const auto& other) {
  return std::any_of(one.begin(), one.end(), [&](const auto& item) { return other.count(item) > 0; });
}

}  // namespace

TEST_CASE("the same seed makes the same world, another seed another one", "[alfworld][world]") {
  const World one = generate_world(1, WorldSize::kTiny), again = generate_world(1, WorldSize::kTiny),
              other = generate_world(2, WorldSize::kTiny);
  REQUIRE(one.tasks.size() == again.tasks.size());
  bool differs = false;
  for (std::size_t i = 0; i < one.tasks.size(); ++i) {
    CHECK(one.tasks[i].id == again.tasks[i].id);
    CHECK(game_text(one, one.tasks[i]) == game_text(again, again.tasks[i]));
    differs = differs || game_text(one, one.tasks[i]) != game_text(other, other.tasks[i]);
  }
  CHECK(differs);
}

TEST_CASE("splits have their sizes and roles, and share no trial", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kNormal);
  std::map<std::string, std::pair<std::size_t, std::uint32_t>> found;
  std::set<std::string> trials, ids;
  std::size_t sum = 0;
  for (const MadeSplit& split : world.splits) {
    found[split.name] = {split.tasks.size(), split.role};
    for (const std::uint32_t task : split.tasks) {
      trials.insert(part(world.tasks[task].id, 2));
      ids.insert(world.tasks[task].id);
    }
    sum += split.tasks.size();
  }
  CHECK(found == std::map<std::string, std::pair<std::size_t, std::uint32_t>>{{"train", {2400, IPR_SPLIT_TRAIN}},
                                                                              {"dev", {120, IPR_SPLIT_DEV}},
                                                                              {"valid_seen", {250, IPR_SPLIT_TEST}},
                                                                              {"valid_unseen", {250, IPR_SPLIT_TEST}}});
  CHECK(trials.size() == sum);
  CHECK(ids.size() == sum);
  CHECK(world.tasks.size() == sum);
}

TEST_CASE("dev has task folders of its own, unseen floor plans are unseen", "[alfworld][world]") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const World world = generate_world(seed, WorldSize::kNormal);
    CHECK_FALSE(share_any(parts(world, "dev", 1), parts(world, "train", 1)));
    CHECK(plans(world, "train").size() == 18);
    CHECK(plans(world, "valid_unseen").size() == 9);
    CHECK_FALSE(share_any(plans(world, "valid_unseen"), plans(world, "train")));
    CHECK_FALSE(share_any(plans(world, "valid_unseen"), plans(world, "dev")));
    CHECK_FALSE(share_any(plans(world, "valid_unseen"), plans(world, "valid_seen")));
    std::set<std::multiset<PlaceKind>> lists;
    std::set<std::uint32_t> numbers;
    for (const FloorPlan& plan : world.plans) {
      std::multiset<PlaceKind> kinds;
      for (const Place& place : plan.places) kinds.insert(place.kind);
      CHECK(lists.insert(kinds).second);
      CHECK(numbers.insert(plan.number).second);
    }
  }
}

TEST_CASE("ids are those of official games", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kNormal);
  const std::regex form(
      "(train|valid_seen|valid_unseen)/[a-z_]+-[A-Za-z]+-None-[A-Za-z]+-[0-9]+/trial_T2019[0-9]{4}_[0-9]{6}_[0-9]{6}");
  for (const MadeTask& task : world.tasks) {
    CAPTURE(task.id);
    CHECK(std::regex_match(task.id, form));
    CHECK(part(task.id, 1).starts_with(name_of(task.goal.type)));
    CHECK(part(task.id, 1).ends_with("-" + std::to_string(world.plans[task.plan].number)));
  }
}

TEST_CASE("task types come in equal shares, households in the promised sizes", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kNormal);
  for (const MadeSplit& split : world.splits) {
    std::map<TaskType, std::size_t> types;
    for (const std::uint32_t task : split.tasks) ++types[world.tasks[task].goal.type];
    for (const TaskType type : kTaskTypes) {
      CHECK(types[type] >= split.tasks.size() / 6);
      CHECK(types[type] <= split.tasks.size() / 6 + 1);
    }
  }
  for (const FloorPlan& plan : world.plans) {
    CHECK(plan.places.size() >= 4);
    CHECK(plan.places.size() <= 7);
  }
  for (const MadeTask& task : world.tasks) {
    CHECK(task.household.things.size() >= 3);
    CHECK(task.household.things.size() <= 10);
    std::map<ThingKind, int> kinds;
    for (const Thing& thing : task.household.things) CHECK(++kinds[thing.kind] <= 2);
  }
}

TEST_CASE("things lie where they fit", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kNormal);
  for (const MadeTask& task : world.tasks) {
    for (const Thing& thing : task.household.things) {
      CHECK(fits(thing.kind, world.plans[task.plan].places.at(thing.place).kind));
    }
  }
}

TEST_CASE("every walkthrough wins, at its last command", "[alfworld][world]") {
  for (const WorldSize size : {WorldSize::kTiny, WorldSize::kNormal}) {
    const World world = generate_world(4, size);
    for (std::size_t i = 0; i < world.tasks.size(); i += size == WorldSize::kTiny ? 1 : 23) {
      const MadeTask& task = world.tasks[i];
      CAPTURE(task.id);
      for (const TextVersion version : {TextVersion::kOld, TextVersion::kNew}) {
        const auto game = load(world, task, version);
        CHECK(game->solvable());
        CHECK(game->task() == sentence(goal_of(task.goal), task.wording));
        State state(game);
        for (const std::string& command : game->walkthrough()) {
          CHECK_FALSE(state.won());
          std::string answer;
          CAPTURE(command);
          CHECK(state.step(command, answer));
        }
        CHECK(state.won());
      }
    }
  }
}

TEST_CASE("names are those that the game shows", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kTiny);
  const std::vector<std::string> tokens = name_tokens();
  const std::set<std::string> known(tokens.begin(), tokens.end());
  for (const MadeTask& task : world.tasks) {
    const ShownNames names = shown_names(world.plans[task.plan], task.household);
    std::map<std::string, std::string> by_id;
    const auto game = load(world, task);
    for (const Entity& entity : game->entities()) by_id[entity.id] = entity.name;
    for (std::size_t i = 0; i < names.things.size(); ++i) {
      CHECK(by_id.at(shown(id_of(task.household.things[i]))) == names.things[i]);
      CHECK(known.count(" " + names.things[i]) == 1);
    }
    for (std::size_t i = 0; i < names.places.size(); ++i) {
      CHECK(by_id.at(shown(id_of(world.plans[task.plan].places[i]))) == names.places[i]);
      CHECK(known.count(" " + names.places[i]) == 1);
    }
  }
}

TEST_CASE("the tiny world is small", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kTiny);
  CHECK(world.tasks.size() == 42);
  CHECK(world.plans.size() == 7);
}
