#include "world/expert.h"

#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "tests/plugins/alfworld_world/play.h"
#include "tests/support/catch.h"
#include "world/defaults.h"

using namespace alfworld;
using namespace alfworld::test;

namespace {

constexpr std::size_t kSteps = 20;

// The normal world's first train tasks: as many of each type.
std::vector<const MadeTask*> some_tasks(const World& world, std::size_t count) {
  std::vector<const MadeTask*> tasks;
  for (std::size_t i = 0; i < count; ++i) tasks.push_back(&world.tasks[world.splits[0].tasks.at(i)]);
  return tasks;
}

}  // namespace

TEST_CASE("without its habits the expert wins everything, in either text generation", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kNormal);
  for (const MadeTask* task : some_tasks(world, 120)) {
    CAPTURE(task->id);
    Visit old_words(load(world, *task));
    follow_expert(old_words, Draws(1, task->id), no_habits(), 2 * kSteps);
    CHECK(old_words.state.won());
    CHECK_FALSE(old_words.refused);
    Visit new_words(load(world, *task, TextVersion::kNew));
    follow_expert(new_words, Draws(1, task->id), no_habits(), 2 * kSteps);
    CHECK(new_words.state.won());
    CHECK(new_words.memory.steps == old_words.memory.steps);
  }
}

TEST_CASE("with them it loses some, and every command is admissible", "[alfworld][world]") {
  double won = 0, steps = 0, count = 0;
  std::map<TaskType, std::pair<double, double>> by_type;
  for (const std::uint64_t seed : {1, 2, 3}) {
    const World world = generate_world(seed, WorldSize::kNormal);
    const Habits habits = world_habits(seed);
    for (const MadeTask* task : some_tasks(world, 300)) {
      CAPTURE(task->id);
      Visit visit(load(world, *task));
      follow_expert(visit, Draws(seed, task->id), habits, kSteps);
      CHECK_FALSE(visit.refused);
      CHECK((visit.state.won() || visit.memory.steps == kSteps));
      won += visit.state.won();
      by_type[task->goal.type].first += visit.state.won();
      by_type[task->goal.type].second += 1;
      steps += visit.state.won() ? static_cast<double>(visit.memory.steps) : 0;
      ++count;
    }
  }
  std::printf("expert: wins %.3f of %.0f episodes, in %.1f steps;", won / count, count, steps / won);
  for (const auto& [type, sums] : by_type) {
    std::printf(" %s %.2f", std::string(name_of(type)).c_str(), sums.first / sums.second);
  }
  std::printf("\n");
  CHECK(won / count > 0.7);
  CHECK(won / count < 0.98);
}

TEST_CASE("the same state gives the same advice", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kTiny);
  const Habits habits = world_habits(1);
  for (const MadeTask& task : world.tasks) {
    Visit one(load(world, task)), other(load(world, task));
    follow_expert(one, Draws(1, task.id), habits, kSteps);
    follow_expert(other, Draws(1, task.id), habits, kSteps);
    REQUIRE(one.said.size() == other.said.size());
    for (std::size_t i = 0; i < one.said.size(); ++i) {
      CHECK(one.said[i].action == other.said[i].action);
      CHECK(one.said[i].thought == other.said[i].thought);
    }
  }
}

TEST_CASE("it goes on from where another agent has gone", "[alfworld][world]") {
  const World world = generate_world(2, WorldSize::kNormal);
  double won = 0, count = 0;
  for (const MadeTask* task : some_tasks(world, 120)) {
    Visit visit(load(world, *task));
    const Draws draws(7, task->id);
    std::vector<std::string> admissible;
    for (std::size_t i = 0; i < 6; ++i) {
      visit.state.admissible(admissible);
      visit.step(i == 3 ? "jump" : admissible[draws.below(admissible.size(), "wanders", i)]);
    }
    visit.refused = false;
    follow_expert(visit, draws, no_habits(), 3 * kSteps);
    CHECK_FALSE(visit.refused);
    won += visit.state.won();
    ++count;
  }
  CHECK(won / count > 0.97);
}

TEST_CASE("thoughts repeat the goal before the finding", "[alfworld][world]") {
  const World world = generate_world(1, WorldSize::kNormal);
  for (const MadeTask* task : some_tasks(world, 60)) {
    const Goal goal = goal_of(task->goal);
    Visit visit(load(world, *task));
    follow_expert(visit, Draws(1, task->id), world_habits(1), kSteps);
    for (const Advice& advice : visit.said) {
      CAPTURE(advice.thought);
      CHECK(advice.thought.starts_with("need "));
      CHECK(advice.thought.find(goal.thing) != std::string::npos);
      CHECK(advice.thought.find(goal.place) != std::string::npos);
      CHECK(advice.thought.ends_with("."));
    }
  }
}
