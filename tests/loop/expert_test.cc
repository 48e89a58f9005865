#include "core/loop/expert.h"

#include "core/base/files.h"
#include "tests/env/counter.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::loop;
using namespace ipr::test;

namespace {

constexpr const char* kShareGpt =
    R"({"id": "a", "conversations": [{"from": "human", "value": "Interact."}, {"from": "gpt", "value": "OK"}, {"from": "human", "value": "Count"},
        {"from": "gpt", "value": "Action: go"}, {"from": "human", "value": "1"}, {"from": "gpt", "value": "Action: back"}]})";
constexpr const char* kChat =
    R"({"game_file": "b", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Count"}, {"role": "assistant", "content": "Action: go"}]})";

Result<std::vector<ExpertRecord>> read(const std::string& contents) {
  const TempFolder folder;
  REQUIRE(write_file(folder.file("expert.json"), contents).ok());
  return read_expert_file(folder.file("expert.json"));
}

std::string in_one_line(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

void check_both(const Result<std::vector<ExpertRecord>>& records) {
  INFO(records.status().message());
  REQUIRE(records.ok());
  REQUIRE(records->size() == 2);
  CHECK((*records)[0].task_id == "a");
  CHECK((*records)[0].replies == std::vector<std::string>{"Action: go", "Action: back"});  // without the OK
  CHECK((*records)[1].task_id == "b");
  CHECK((*records)[1].replies == std::vector<std::string>{"Action: go"});
}

}  // namespace

TEST_CASE("ShareGPT and chat records, as an array or as lines, say the same", "[loop][expert]") {
  check_both(read(std::string("[") + kShareGpt + ", " + kChat + "]"));
  check_both(read(in_one_line(kShareGpt) + "\n\n" + in_one_line(kChat) + "\n"));
}

TEST_CASE("a number may name a task", "[loop][expert]") {
  const auto records = read(R"([{"id": 17, "messages": [{"role": "assistant", "content": "x"}]}])");
  REQUIRE(records.ok());
  CHECK(records->at(0).task_id == "17");
}

TEST_CASE("a record that cannot be used is named by file and place", "[loop][expert]") {
  for (const auto& [contents, part] : std::vector<std::pair<std::string, std::string>>{
           {"[{\"id\": 1}]", "expert.json: record 0"},
           {"[{\"messages\": []}]", "neither \"id\" nor \"game_file\""},
           {"[{\"id\": 1, \"messages\": []}]", "no message of the agent"},
           {"[{\"id\": 1, \"messages\": [7]}]", "expert.json: record 0"},
           {"[7]", "expert.json: record 0"},
           {"[{\"id\": 1, \"messages\": [{\"role\": 3, \"content\": \"x\"}]}]", "expert.json: record 0"},
           {"[{\"id\": 1,", "expert.json: line 1"},
           {"{\"id\": \"a\"}\n{\"id\" \"b\"}\n", "expert.json: line 1"},
           {std::string(kChat) + "\n{\"id\" \"b\"}\n", "expert.json: line 2"}}) {
    const auto records = read(contents);
    INFO(contents << " -> " << records.status().message());
    CHECK(records.status().code() == Code::kData);
    CHECK(records.status().message().find(part) != std::string::npos);
  }
  CHECK(read_expert_file("/no/such/file").status().code() == Code::kData);
}

TEST_CASE("replies of a file are played through the live environment", "[loop][expert]") {
  const auto environment = make_counter(Counter::kForks);
  const env::Task task = environment->task_by_id("b").value();
  const auto won = play_replies(*environment, task, {"Action: go", "Action: go", "Action: go", "Action: go"}, 0, 0);
  REQUIRE(won.ok());
  CHECK(won->turns.size() == 3);  // what comes behind the end is left out
  CHECK(won->outcome == 1);
  CHECK(won->expert);
  CHECK(won->terminated);
  CHECK(won->turns[0].observation == "Observation: The count is 1");
  const auto given_up = play_replies(*environment, task, {"Action: go"}, 0, 0);
  CHECK_FALSE(given_up->terminated);
  CHECK(given_up->outcome == 0);
}

TEST_CASE("without an expert there is no trajectory", "[loop][expert]") {
  const auto environment = make_counter(Counter::kReplays);
  CHECK_FALSE(play_expert(*environment, environment->task_by_id("a").value(), 0, 0).value().has_value());
}
