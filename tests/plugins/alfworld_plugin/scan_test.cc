// The quick look into game files, on good, bad and random text.

#include <string>

#include "data/scan.h"
#include "ipr/plugin.hpp"
#include "tests/support/catch.h"

using namespace alfworld;

namespace {

constexpr const char* kGood = R"json({"pddl_domain": "(define \"x\")",
"grammar": "grammar :: \"\"\"\n{\n \"task\": [\n {\n \"rhs\": \"Your task is to: put a hot apple in fridge.\"\n }\n ]\n}\n\"\"\";",
"pddl_problem": "p", "solvable": true, "walkthrough": ["a", "b \\"]})json";

std::string failure_of(const std::string& json) {
  try {
    (void)scan_game(json, "games/game.tw-pddl");
  } catch (const ipr::sdk::Failure& failure) {
    CHECK(failure.code() == IPR_DATA_LOSS);
    return failure.what();
  }
  return {};
}

std::string with(const std::string& solvable) {
  return R"({"pddl_domain":"","grammar":"","pddl_problem":"")" + solvable + "}";
}

}  // namespace

TEST_CASE("a scan finds the task and whether the game is solvable", "[alfworld][data]") {
  const GameFacts facts = scan_game(kGood, "f");
  CHECK(facts.solvable == GameFacts::Solvable::kYes);
  CHECK(facts.task == "put a hot apple in fridge.");
  CHECK(scan_game(with(R"(,"solvable":false)"), "f").solvable == GameFacts::Solvable::kNo);
  CHECK(scan_game(with(""), "f").solvable == GameFacts::Solvable::kNotSaid);
  CHECK(scan_game(with(R"(,"solvable" : true , "more": {"a": [1, -2.5e3, null, {"b": "}"}]})") + " \n", "f").solvable ==
        GameFacts::Solvable::kYes);
  CHECK(scan_game(with(R"(,"solvable":true)"), "f").task.empty());  // not written as the published files write it
}

TEST_CASE("what is no game file is refused with its place", "[alfworld][data]") {
  CHECK(failure_of("") == "games/game.tw-pddl: line 1, column 1: expected a JSON object");
  CHECK(failure_of("[]") == "games/game.tw-pddl: line 1, column 1: expected a JSON object");
  CHECK(failure_of("{}") == "games/game.tw-pddl: key \"pddl_domain\" is missing");
  CHECK(failure_of(R"({"pddl_domain":"","grammar":""})") == "games/game.tw-pddl: key \"pddl_problem\" is missing");
  CHECK(failure_of("{\"pddl_domain\":\"\",\n \"grammar\":[]}") ==
        "games/game.tw-pddl: line 2, column 12: key \"grammar\": expected a text");
  CHECK(failure_of(with(R"(,"solvable":1)")).find("expected true or false") != std::string::npos);
  CHECK(failure_of(with(R"(,"solvable":true)") + "x").find("something follows") != std::string::npos);
  CHECK(failure_of(R"({"a":[1,2})").find("a bracket closes") != std::string::npos);
  CHECK(failure_of(R"({"a":"b)").find("line 1, column 6: the text that begins here does not end") != std::string::npos);
  for (std::size_t size = 0; size + 1 < std::string(kGood).size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(failure_of(std::string(kGood).substr(0, size)).empty());
  }
}

TEST_CASE("a scan of random damage answers or refuses", "[alfworld][data]") {
  std::uint64_t state = 7;
  const auto draw = [&state](std::size_t n) {
    state = ipr_mix64(state, n);
    return static_cast<std::size_t>(state % n);
  };
  constexpr std::string_view kBytes = "{}[]\",:\\ntrue01 \n\xFF";
  std::size_t refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = kGood;
    for (std::size_t k = 1 + draw(3); k > 0; --k) {
      const std::size_t at = draw(text.size());
      if (draw(2) == 0) {
        text[at] = kBytes[draw(kBytes.size())];
      } else {
        text.erase(at, 1 + draw(5));
      }
    }
    refused += failure_of(text).empty() ? 0 : 1;
  }
  CHECK(refused > 1000);
}
