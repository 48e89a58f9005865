// `ipr-host replay`: the machine format of product.md section 4.
#include <set>

#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;

namespace {

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

std::vector<Json> replay(const std::string& env, const std::string& input, std::vector<std::string> more = {}) {
  const Workplace place;
  std::vector<std::string> words = {"replay", "--env", env};
  if (env == "webshop") words.insert(words.end(), {"--set", "env.world_size=tiny"});
  words.insert(words.end(), more.begin(), more.end());
  const Ended ended = place.host(words, input);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(ended.err.empty());
  return json_lines(ended.out);
}

}  // namespace

TEST_CASE("an answer has every key of the format", "[host][replay]") {
  const auto answers = replay(
      "webshop",
      R"({"id":"x1","task":{"split":"test","index":0},"seed":0,"actions":["search[red bag]","click[no such thing]"],"agent_text":false})");
  REQUIRE(answers.size() == 1);
  const Json& answer = answers[0];
  CHECK(keys_of(answer) ==
        std::set<std::string>{"id", "task", "instruction", "initial", "steps", "outcome", "fingerprint", "error"});
  CHECK(answer.at("id") == "x1");
  CHECK(answer.at("error").is_null());
  CHECK(answer.at("task").is_string());
  CHECK(keys_of(answer.at("initial")) == std::set<std::string>{"observation", "available_actions", "info"});
  CHECK(answer.at("initial").at("info").at("has_search_bar") == Json(true));
  CHECK(answer.at("initial").at("info").contains("url"));
  REQUIRE(answer.at("steps").size() == 2);
  const Json& step = answer.at("steps").at(0);
  CHECK(keys_of(step) == std::set<std::string>{"action", "valid", "observation", "available_actions", "reward",
                                               "progress", "terminated", "truncated", "success", "exit_status",
                                               "info"});
  CHECK(step.at("action") == "search[red bag]");
  CHECK(step.at("valid") == Json(true));
  CHECK(step.at("available_actions").at(0) == "click[back to search]");
  CHECK(step.at("progress").is_number());
  CHECK(step.at("exit_status") == "ok");
  CHECK(answer.at("steps").at(1).at("valid") == Json(false));
  CHECK(answer.at("steps").at(1).at("observation") == step.at("observation"));
}

TEST_CASE("cases are answered in order, and one that cannot run stops no other", "[host][replay]") {
  const auto answers = replay("gridworld",
                              "{\"id\":\"a\",\"task\":{\"split\":\"test\",\"index\":0},\"actions\":[]}\n"
                              "{\"id\":\"b\",\"task\":\"no such task\",\"actions\":[]}\n"
                              "this is no JSON\n"
                              "\n"
                              "{\"id\":\"c\",\"actions\":[]}\n"
                              "{\"id\":\"d\",\"task\":{\"split\":\"test\",\"index\":1000000},\"actions\":[]}\n"
                              "{\"id\":\"e\",\"task\":{\"split\":\"test\",\"index\":0},\"actions\":[7]}\n"
                              "{\"id\":\"f\",\"task\":{\"split\":\"nowhere\",\"index\":0},\"actions\":[]}\n"
                              "[1,2]\n"
                              "{\"id\":\"g\",\"task\":{\"split\":\"train\",\"index\":1},\"actions\":[\"up\"]}\n");
  REQUIRE(answers.size() == 9);
  const std::vector<Json> ids = {"a", "b", nullptr, "c", "d", "e", "f", nullptr, "g"};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    INFO(i << " " << answers[i].dump());
    CHECK(answers[i].at("id") == ids[i]);
    CHECK(answers[i].at("error").is_null() == (ids[i] == "a" || ids[i] == "g"));
  }
  CHECK(contains(answers[1].at("error"), "no such task"));
  CHECK(contains(answers[2].at("error"), "line 3"));
}

TEST_CASE("a task has the same content by its id and by its place", "[host][replay]") {
  const Json by_place =
      replay("webshop", R"({"id":1,"task":{"split":"test","index":3},"actions":["search[x]"]})").at(0);
  const Json by_id =
      replay("webshop", Json{{"id", 1}, {"task", by_place.at("task")}, {"actions", {"search[x]"}}}.dump()).at(0);
  CHECK(by_place == by_id);
}

TEST_CASE("bare actions go on after the end, whole messages stop at it", "[host][replay]") {
  const Json place = {{"split", "test"}, {"index", 0}};
  const Json start = replay("gridworld", Json{{"id", 0}, {"task", place}, {"actions", Json::array()}}.dump()).at(0);
  CHECK(start.at("steps").empty());
  CHECK(start.at("outcome") == Json(0.0));

  std::string noise(20, ' ');  // twenty messages that no dialect understands
  Json messages = Json::array();
  for (std::size_t i = 0; i < noise.size(); ++i) messages.push_back("hello");
  const Json said =
      replay("gridworld", Json{{"id", 0}, {"task", place}, {"actions", messages}, {"agent_text", true}}.dump(),
             {"--max-steps", "4"})
          .at(0);
  REQUIRE(said.at("steps").size() == 4);
  CHECK(contains(said.at("steps").at(0).at("observation"), "Invalid format"));
  CHECK(said.at("steps").at(0).at("valid") == Json(false));
  const Json& last = said.at("steps").at(3);
  CHECK(last.at("truncated") == Json(true));
  CHECK(last.at("terminated") == Json(false));
  CHECK(last.at("exit_status") == "invalid_format");
  CHECK(last.at("info").at("finished") == Json(true));
  CHECK(last.at("info").at("steps") == Json(4));
  CHECK(last.at("info").at("terminate_reason") == "max_steps");

  const Json stepped =
      replay("gridworld", Json{{"id", 0}, {"task", place}, {"actions", messages}}.dump(), {"--max-steps", "4"}).at(0);
  CHECK(stepped.at("steps").size() == 20);  // --max-steps does not bind bare actions
  for (const Json& step : stepped.at("steps")) CHECK(step.at("exit_status") == "ok");
}

TEST_CASE("a purchase is a success that shows its reward", "[host][replay]") {
  const Json answer =
      replay(
          "webshop",
          R"({"id":1,"task":{"split":"test","index":0},"agent_text":true,"actions":["Thought: look\nAction: search[bag]"]})")
          .at(0);
  const Json first_product = answer.at("steps").at(0).at("available_actions").at(2);
  const std::vector<std::string> actions = {"Action: search[bag]", "Action: " + first_product.get<std::string>(),
                                            "Action: click[buy now]", "Action: search[bag]"};
  const Json bought =
      replay("webshop", Json{{"id", 1}, {"task", answer.at("task")}, {"agent_text", true}, {"actions", actions}}.dump())
          .at(0);
  REQUIRE(bought.at("steps").size() == 3);  // stops when the wrapper has finished
  const Json& last = bought.at("steps").at(2);
  CHECK(last.at("terminated") == Json(true));
  CHECK(last.at("success") == Json(true));
  CHECK(last.at("info").contains("reward_info"));
  CHECK(last.at("info").contains("purchase_price"));
  CHECK(last.at("reward") == bought.at("outcome"));
}

TEST_CASE("--history adds the chat that an agent would see", "[host][replay]") {
  const Json task = {{"split", "test"}, {"index", 0}};
  const Json said =
      replay(
          "webshop",
          Json{{"id", 1}, {"task", task}, {"agent_text", true}, {"actions", {"Thought: t\nAction: search[bag]", "hm"}}}
              .dump(),
          {"--history"})
          .at(0);
  const Json& history = said.at("history");
  REQUIRE(history.size() >= 5);
  const std::size_t end = history.size();
  CHECK(history.at(end - 5).at("role") == "user");
  CHECK(history.at(end - 5).at("content") == said.at("initial").at("observation"));
  CHECK(history.at(end - 4) == Json{{"role", "assistant"}, {"content", "Thought: t\nAction: search[bag]"}});
  CHECK(history.at(end - 3) == Json{{"role", "user"}, {"content", said.at("steps").at(0).at("observation")}});
  CHECK(history.at(end - 2).at("content") == "hm");
  const Json bare =
      replay("webshop", Json{{"id", 1}, {"task", task}, {"actions", {"search[bag]"}}}.dump(), {"--history"}).at(0);
  CHECK(bare.at("history").at(bare.at("history").size() - 2).at("content") == "Action: search[bag]");
  CHECK_FALSE(replay("webshop", Json{{"id", 1}, {"task", task}}.dump()).at(0).contains("history"));
}

TEST_CASE("equal cases give equal bytes, on any number of threads", "[host][replay]") {
  const std::string input =
      R"({"id":1,"task":{"split":"test","index":2},"seed":3,"actions":["search[cup]","click[next >]","click[back to search]"]})";
  const Json one = replay("webshop", input, {"--threads", "1"}).at(0);
  CHECK(one == replay("webshop", input, {"--threads", "4"}).at(0));
  CHECK(one.at("fingerprint").get<std::string>().size() == 16);
}
