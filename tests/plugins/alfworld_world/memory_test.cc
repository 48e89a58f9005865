#include "world/memory.h"

#include "tests/support/catch.h"

using namespace alfworld;

namespace {

constexpr const char* kIntro =
    "-= Welcome to TextWorld, ALFRED! =-\n\nYou are in the middle of a room. Looking quickly around you, you see a "
    "cabinet 2, a cabinet 1, and a fridge 1.\n\nYour task is to: put a hot mug in fridge.";

const SeenThing* find(const Memory& memory, const std::string& name) {
  for (const SeenThing& thing : memory.things) {
    if (thing.name == name) return &thing;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("the reset text tells the places and the goal", "[alfworld][world]") {
  const Memory memory(kIntro);
  REQUIRE(memory.places.size() == 3);
  CHECK(memory.places[0].name == "cabinet 2");
  CHECK(memory.places[2].name == "fridge 1");
  CHECK(memory.goal == Goal{TaskType::kHeat, "mug", "fridge"});
  CHECK_FALSE(memory.here.has_value());
}

TEST_CASE("answers tell where things are", "[alfworld][world]") {
  Memory memory(kIntro);
  memory.note("go to cabinet 2", "You arrive at loc 3. The cabinet 2 is closed.");
  CHECK(memory.here == 0U);
  CHECK(memory.places[0].closed);
  CHECK_FALSE(memory.places[0].looked);
  memory.note("open cabinet 2",
              "You open the cabinet 2. The cabinet 2 is open. In it, you see a mug 2, a mug 1, and a plate 1.");
  CHECK(memory.places[0].looked);
  REQUIRE(memory.things.size() == 3);
  CHECK(find(memory, "mug 1")->place == 0U);
  memory.note("take mug 2 from cabinet 2", "You pick up the mug 2 from the cabinet 2.");
  CHECK(memory.things[*memory.held].name == "mug 2");
  memory.note("heat mug 2 with microwave 1", "Nothing happens.");
  CHECK(memory.failed);
  CHECK_FALSE(find(memory, "mug 2")->hot);
  memory.note("heat mug 2 with microwave 1", "You heat the mug 2 using the microwave 1.");
  CHECK(find(memory, "mug 2")->hot);
  memory.note("close cabinet 2", "You close the cabinet 2.");
  CHECK(memory.places[0].closed);
  memory.note("go to fridge 1", "You arrive at fridge 1. The fridge 1 is open. In it, you see nothing.");
  memory.note("move mug 2 to fridge 1", "You move the mug 2 to the fridge 1.");
  CHECK_FALSE(memory.held.has_value());
  CHECK(find(memory, "mug 2")->place == 2U);
  CHECK(memory.steps == 8);
}

TEST_CASE("what is no longer where it was is forgotten", "[alfworld][world]") {
  Memory memory(kIntro);
  memory.note("examine cabinet 1", "On the cabinet 1, you see a mug 1, and a plate 1.");
  memory.note("take plate 1 from cabinet 1", "You pick up the plate 1 from the cabinet 1.");
  memory.note("examine cabinet 1", "On the cabinet 1, you see nothing.");
  REQUIRE(memory.things.size() == 1);
  CHECK(memory.things[*memory.held].name == "plate 1");
}

TEST_CASE("texts of any kind are taken", "[alfworld][world]") {
  Memory memory("no room");
  CHECK(memory.places.empty());
  CHECK_FALSE(memory.goal.has_value());
  for (const char* text : {"", " ", "go", "go to", "put", "put a", "take x from", "open", "examine"}) {
    memory.note(text, "The");
    memory.note(text, "On the , you see .");
    memory.note(text, "The  is open. In it, you see a , and .");
  }
  CHECK(memory.places.empty());
}
