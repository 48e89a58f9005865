#include "world/goal.h"

#include <set>
#include <string>

#include "tests/support/catch.h"

using namespace alfworld;

TEST_CASE("sentences say what the goal is and are read back", "[alfworld][world]") {
  std::set<std::string> texts;
  for (const TaskType type : kTaskTypes) {
    const Goal goal{type, "mug", type == TaskType::kLook ? "desklamp" : "fridge"};
    for (const int wording : {0, 1}) {
      const std::string text = sentence(goal, wording);
      CHECK(texts.insert(text).second);
      CHECK(parse_sentence(text) == goal);
    }
  }
  CHECK(texts.size() == 12);
  CHECK(texts.count("put a hot mug in fridge.") == 1);
  CHECK(texts.count("examine the mug with the desklamp.") == 1);
  CHECK(texts.count("find two mug and put them in fridge.") == 1);
}

TEST_CASE("sentences of other words have no goal", "[alfworld][world]") {
  for (const char* text : {"", ".", "put a mug", "take the mug to the fridge.", "put a  in fridge.",
                           "put a mug in the fridge.", "put butterknife in a cup and then put them in countertop."}) {
    CAPTURE(text);
    CHECK_FALSE(parse_sentence(text).has_value());
  }
}
