#include "world/expert.h"

#include <set>
#include <string>

#include "tests/support/catch.h"

using namespace intercodesql;

namespace {

Plan two_conditions() {
  Plan plan;
  plan.kind = QuestionKind::kTwo;
  plan.table = "birds";
  plan.other_table = "boats";
  plan.columns = {{"name", "title"}};
  plan.conditions = {{{"paint", "color"}, "", "red"}, {{"age", "age"}, " over", "7"}};
  return plan;
}

Habits perfect() {
  return {0, 0, 0, 0, 0, 0};
}

// What the databases would answer: an error where the question's spelling is used that the table does not have.
Observation::Kind answer(const std::string& action) {
  const bool fails = action.find("paint") != std::string::npos || action.find("name") != std::string::npos;
  return fails ? Observation::Kind::kError : Observation::Kind::kRows;
}

std::vector<Advice> play(const Plan& plan, const Draws& draws, const Habits& habits) {
  std::vector<Advice> said;
  Memory memory;
  while (said.size() < 12) {
    said.push_back(expert_advice(plan, memory, draws, habits));
    if (said.back().action == "submit") break;
    memory.note(plan, said.back().action, answer(said.back().action));
  }
  return said;
}

}  // namespace

TEST_CASE("without bad habits the expert looks, asks and submits", "[intercodesql][expert]") {
  const Plan plan = two_conditions();
  const auto said = play(plan, Draws(1, "x"), perfect());
  REQUIRE(said.size() == 3);
  CHECK(said[0].action == "DESC birds");
  CHECK(said[0].thought == "show name of birds with paint 'red' and age over 7");
  CHECK(said[1].action == "SELECT title FROM birds WHERE color = 'red' AND age > 7");
  CHECK(said[1].thought == "show title of birds with color 'red' and age over 7");
  CHECK(said[2].action == "submit");
}

TEST_CASE("an expert that asks blindly meets the error, looks and repairs", "[intercodesql][expert]") {
  Habits habits = perfect();
  habits.asks_blindly = 1;
  const auto said = play(two_conditions(), Draws(1, "x"), habits);
  REQUIRE(said.size() == 4);
  CHECK(said[0].action == "SELECT name FROM birds WHERE paint = 'red' AND age > 7");
  CHECK(said[1].action == "DESC birds");
  CHECK(said[2].action == "SELECT title FROM birds WHERE color = 'red' AND age > 7");
  CHECK(said[3].action == "submit");
}

TEST_CASE("what it forgets it may notice", "[intercodesql][expert]") {
  Habits habits = perfect();
  habits.forgets_condition = 1;
  CHECK(play(two_conditions(), Draws(1, "x"), habits).size() == 3);
  habits.repairs = 1;
  const auto said = play(two_conditions(), Draws(1, "x"), habits);
  REQUIRE(said.size() == 4);
  CHECK(said[1].thought == "show title of birds with color 'red'");
  CHECK(said[2].action == "SELECT title FROM birds WHERE color = 'red' AND age > 7");
}

TEST_CASE("with all its habits the expert always comes to an end, in many ways", "[intercodesql][expert]") {
  std::set<std::string> plays;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto said = play(two_conditions(), Draws(seed, "x"), {});
    CHECK(said.back().action == "submit");
    std::string whole;
    for (const Advice& advice : said) whole += advice.action + "|";
    plays.insert(whole);
  }
  CHECK(plays.size() > 8);
}

TEST_CASE("the expert goes on from states that are not its own", "[intercodesql][expert]") {
  const Plan plan = two_conditions();
  const Draws draws(1, "x");
  Memory memory;
  memory.note(plan, "SELECT * FROM birds", Observation::Kind::kRows);
  CHECK(expert_advice(plan, memory, draws, perfect()).action == "DESC birds");
  memory.note(plan, "DESC birds", Observation::Kind::kRows);
  memory.note(plan, "SELECT x FROM birds", Observation::Kind::kError);
  CHECK(expert_advice(plan, memory, draws, perfect()).action ==
        "SELECT title FROM birds WHERE color = 'red' AND age > 7");
}
