// What the wrapper reads in a message, what it shows, and the messages before a task.

#include <string>
#include <vector>

#include "adapter/prompts.h"
#include "adapter/wrapper.h"
#include "core/base/files.h"
#include "engine/white_space.h"
#include "ipr/plugin.hpp"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace alfworld;
using ipr::test::TempFolder;

namespace {

std::string command_of(const std::string& message) {
  const auto command = parse_message(message);
  return command ? std::string(*command) : "(none)";
}

std::string failure_of(const std::string& folder, int examples) {
  try {
    (void)published_prompt(folder, Wrapper::kIpr, examples);
  } catch (const ipr::sdk::Failure& failure) {
    return failure.what();
  }
  return {};
}

void write(const TempFolder& folder, const std::string& name, const std::string& text) {
  REQUIRE(ipr::write_file(folder.file(name), text).ok());
}

}  // namespace

TEST_CASE("the command stands behind the first Action: and goes to the end", "[alfworld][adapter]") {
  CHECK(command_of("Thought: I look.\nAction: go to cabinet 1") == "go to cabinet 1");
  CHECK(command_of("  Action: look  \n") == "look");
  CHECK(command_of("Action:look") == "look");
  CHECK(command_of("Action:\nlook") == "look");
  CHECK(command_of("Action:  look") == "look");
  CHECK(command_of("Thought: Action: look") == "look");
  CHECK(command_of("Action: look\nAction: inventory") == "look\nAction: inventory");
  CHECK(command_of("Action: look\nObservation: x") == "look\nObservation: x");
  CHECK(command_of("Action:\xC2\xA0look\xE3\x80\x80") == "look");
  CHECK(command_of("Action: go  to") == "go  to");
  CHECK(command_of("Action:").empty());
  CHECK(command_of("action: look") == "(none)");
  CHECK(command_of("Action : look") == "(none)");
  CHECK(command_of("") == "(none)");
  CHECK(command_of("Action: \xFF\xE3\x80") == "\xFF\xE3\x80");
}

TEST_CASE("the engine strips the white space of Unicode and nothing else", "[alfworld][adapter]") {
  CHECK(engine::stripped(" \t\n\v\f\r\x1C\x1F x \xE2\x80\x89") == "x");
  CHECK(engine::stripped("\xC2\x85\xE1\x9A\x80\xE2\x80\xA8\xE2\x81\x9F").empty());
  CHECK(engine::stripped("\xE2\x80\x8B") == "\xE2\x80\x8B");  // ZERO WIDTH SPACE is none
  CHECK(engine::stripped("\x1B") == "\x1B");
  CHECK(engine::stripped("a b") == "a b");
}

TEST_CASE("the task message has no welcome and no blank line", "[alfworld][adapter]") {
  CHECK(task_message("-= Welcome =-\n\nYou are in a room.\n\nYour task is to: x.") ==
        "You are in a room.\nYour task is to: x.");
  CHECK(task_message("a\n\nb\n\nc\n\nd") == "b\nc\nd");
  CHECK(task_message("a\n\n\nb") == "\nb");
  CHECK(task_message("no blank line").empty());
}

TEST_CASE("an arrival is dropped up to the first full stop, if wanted", "[alfworld][adapter]") {
  CHECK(step_message("You arrive at loc 7. The fridge 1 is closed.", true) == "Observation: The fridge 1 is closed.");
  CHECK(step_message("You arrive at fridge 1. The fridge 1 is open. In it, you see nothing.", true) ==
        "Observation: The fridge 1 is open. In it, you see nothing.");
  CHECK(step_message("You arrive at loc 7. The fridge 1 is closed.", false) ==
        "Observation: You arrive at loc 7. The fridge 1 is closed.");
  CHECK(step_message("Nothing happens.", true) == "Observation: Nothing happens.");
  CHECK(step_message("You arrive at", true) == "Observation: You arrive at");
}

TEST_CASE("published prompts: instruction, OK, examples; ETO's own instruction", "[alfworld][adapter]") {
  const TempFolder folder;
  write(folder, "alfworld_inst.txt", "of IPR");
  write(folder, "alfworld_icl.json", R"([[{"role":"user","content":"task"},{"role":"assistant","content":"Action: a"},
      {"role":"user","content":"Observation: o"},{"role":"assistant","content":"Action: b"}],
      [{"role":"user","content":"second"},{"role":"assistant","content":"Action: c"}]])");
  CHECK(published_prompt(folder.path(), Wrapper::kIpr, 0).size() == 2);
  CHECK(published_prompt(folder.path(), Wrapper::kEto, 0)[0].text == "of IPR");
  write(folder, "alfworld_inst_eto.txt", "of ETO\n");
  CHECK(published_prompt(folder.path(), Wrapper::kEto, 0)[0].text == "of ETO\n");
  const std::vector<PromptMessage> one = published_prompt(folder.path(), Wrapper::kIpr, 1);
  REQUIRE(one.size() == 6);
  CHECK(one[0].text == "of IPR");
  CHECK(one[1].text == "OK");
  CHECK_FALSE(one[1].example);
  CHECK(one[2].example);
  CHECK(one[5].assistant);
  CHECK(
      prompt_in_one(one) ==
      "of IPR\n---\nHere is an example.\n\ntask\nAction: a\nObservation: o\n\nAction: b\n\n---\n\nNow, it's your turn "
      "and here is the task.\n");
  CHECK(prompt_in_one(published_prompt(folder.path(), Wrapper::kIpr, 9)) ==
        "of IPR\n---\nHere are 2 examples.\n\nExample task 1:\ntask\nAction: a\nObservation: o\n\nAction: b\n\nExample "
        "task 2:\nsecond\nAction: c\n\n---\n\nNow, it's your turn and here is the task.\n");
  CHECK(prompt_in_one({}).empty());
}

TEST_CASE("prompt files that are missing or malformed are named", "[alfworld][adapter]") {
  const TempFolder folder;
  CHECK(failure_of(folder.path(), 0).find("alfworld_inst.txt") != std::string::npos);
  write(folder, "alfworld_inst.txt", "words");
  CHECK(failure_of(folder.path(), 0).empty());
  CHECK(failure_of(folder.path(), 1).find("alfworld_icl.json") != std::string::npos);
  for (const char* text : {"", "{", "{}", "[[1]]", "[1]", R"([[{"role":"user"}]])", R"([[{"role":1,"content":""}]])"}) {
    CAPTURE(text);
    write(folder, "alfworld_icl.json", text);
    CHECK(failure_of(folder.path(), 1).find("alfworld_icl.json: ") != std::string::npos);
  }
}
