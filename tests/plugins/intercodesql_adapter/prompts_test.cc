#include "adapter/prompts.h"

#include <string>

#include "ipr/plugin.hpp"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace intercodesql;
using ipr::Json;

TEST_CASE("the published prompt is the original's, message by message and in one", "[intercodesql][golden]") {
  const std::string path = ipr::test::shared_file("golden/intercodesql/initial_prompt.json");
  const std::string inst = ipr::test::shared_file("data/intercodesql/prompts/intercode_sql_inst.txt");
  if (path.empty() || inst.empty()) return;
  const Json golden = ipr::test::load_json(path);
  const auto messages = published_prompt(inst.substr(0, inst.rfind('/')), 1);
  const Json& history = golden["history"];
  REQUIRE(messages.size() + 1 == history.size());  // the last is the question
  for (std::size_t i = 0; i < messages.size(); ++i) {
    CHECK(messages[i].text == history[i]["content"]);
    CHECK((messages[i].assistant ? "assistant" : "user") == history[i]["role"]);
    CHECK(messages[i].example == (i >= 2));
  }
  CHECK(prompt_in_one(messages) + history.back()["content"].get<std::string>() == golden["prompt_first_format"]);
}

TEST_CASE("several examples are numbered, none leaves the instruction alone", "[intercodesql]") {
  const std::vector<PromptMessage> two = {
      {false, false, "Do."},           {true, false, "OK"}, {false, true, "Q1"}, {true, true, "A1"},
      {false, true, "Observation: x"}, {true, true, "A2"},  {false, true, "Q2"}, {true, true, "A3"}};
  CHECK(prompt_in_one(two) ==
        "Do.\n---\nHere are 2 examples.\n\nExample task 1:\nQ1\nA1\nObservation: x\n\nA2\n\nExample task "
        "2:\nQ2\nA3\n\n---\n\n"
        "Now, it's your turn and here is the task.\n");
  CHECK(prompt_in_one({two[0], two[1]}) == "Do.\n---\n\nNow, it's your turn and here is the task.\n");
}

TEST_CASE("our own prompt shows the form that the runner reads", "[intercodesql]") {
  CHECK(own_prompt(Runner::kIpr, Dialect::kReact)[0].text.find("```sql") != std::string::npos);
  CHECK(own_prompt(Runner::kIpr, Dialect::kFigure8)[0].text.find("```") == std::string::npos);
  CHECK(own_prompt(Runner::kReact, Dialect::kReact)[0].text.find("execute[") != std::string::npos);
  CHECK(own_prompt(Runner::kTryAgain, Dialect::kReact)[1].text == "OK");
}

TEST_CASE("a folder without prompts is named", "[intercodesql]") {
  const ipr::test::TempFolder folder;
  CHECK_THROWS_AS(published_prompt(folder.path(), 1), ipr::sdk::Failure);
}
