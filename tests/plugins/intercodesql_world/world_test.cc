#include "world/world.h"

#include <map>
#include <set>
#include <string>

#include "core/base/json.h"
#include "ipr/plugin.h"
#include "tests/support/catch.h"

using namespace intercodesql;
using ipr::Json;

namespace {

Json questions(const World& world) {
  return Json::parse(world.questions);
}

std::set<std::string> databases(const World& world, std::uint32_t role) {
  const Json list = questions(world);
  std::set<std::string> names;
  for (const TaskSplit& split : world.splits) {
    if (split.role != role) continue;
    for (const std::uint32_t task : split.tasks) names.insert(list[task]["db"]);
  }
  return names;
}

}  // namespace

TEST_CASE("the same seed makes the same world, another seed another one", "[intercodesql][world]") {
  const World one = generate_world(1, WorldSize::kTiny), again = generate_world(1, WorldSize::kTiny);
  CHECK(one.dump == again.dump);
  CHECK(one.questions == again.questions);
  CHECK(one.dump != generate_world(2, WorldSize::kTiny).dump);
}

TEST_CASE("splits have their sizes and share no database", "[intercodesql][world]") {
  const World world = generate_world(1, WorldSize::kNormal);
  REQUIRE(world.splits.size() == 3);
  CHECK(world.splits[0].tasks.size() == 2400);
  CHECK(world.splits[1].tasks.size() == 96);
  CHECK(world.splits[2].tasks.size() == 500);
  CHECK(world.plans.size() == 2996);
  std::set<std::string> all;
  std::size_t sum = 0;
  for (const std::uint32_t role : {IPR_SPLIT_TRAIN, IPR_SPLIT_DEV, IPR_SPLIT_TEST}) {
    const auto names = databases(world, role);
    sum += names.size();
    all.insert(names.begin(), names.end());
  }
  CHECK(sum == all.size());
  CHECK(databases(world, IPR_SPLIT_TEST).size() >= 20);
}

TEST_CASE("all kinds of questions are there, and none twice in a database", "[intercodesql][world]") {
  const World world = generate_world(3, WorldSize::kNormal);
  std::map<std::string, int> kinds;
  std::set<std::string> golds;
  for (const Json& question : questions(world)) {
    ++kinds[question["family"]];
    CHECK(golds.insert(question["db"].get<std::string>() + question["gold"].get<std::string>()).second);
  }
  CHECK(kinds.size() == 6);
  for (const auto& [kind, count] : kinds) CHECK(count > 200);
}

TEST_CASE("a question and its table spell columns alike in about half of the cases", "[intercodesql][world]") {
  const World world = generate_world(1, WorldSize::kNormal);
  double alike = 0;
  for (const Plan& plan : world.plans) alike += statement(plan, Words::kAsked) == statement(plan, Words::kColumns);
  alike /= static_cast<double>(world.plans.size());
  CHECK(alike > 0.1);
  CHECK(alike < 0.6);
}

TEST_CASE("a plan is put in words and in SQL in the same order", "[intercodesql][world]") {
  Plan plan;
  plan.table = "birds";
  plan.columns = {{"name", "title"}, {"cost", "price"}};
  plan.conditions = {{{"paint", "color"}, "", "red"}, {{"age", "years"}, " over", "7"}};
  plan.order = Term{"mass", "weight"};
  plan.highest = false;
  plan.limit = 2;
  CHECK(sentence(plan, Words::kAsked) ==
        "show name and cost of birds with paint 'red' and age over 7, mass lowest first, only 2");
  CHECK(sentence(plan, Words::kColumns) ==
        "show title and price of birds with color 'red' and years over 7, weight lowest first, only 2");
  CHECK(statement(plan) ==
        "SELECT title, price FROM birds WHERE color = 'red' AND years > 7 ORDER BY weight ASC LIMIT 2");
  plan = {};
  plan.table = "birds";
  plan.conditions = {{{"paint", "color"}, "", "red"}};
  CHECK(sentence(plan, Words::kAsked) == "how many birds with paint 'red'");
  CHECK(statement(plan, Words::kAsked) == "SELECT COUNT(*) FROM birds WHERE paint = 'red'");
}
