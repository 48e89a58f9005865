// The environment against recordings of the original adapter and core.

#include <fstream>
#include <string>
#include <vector>

#include "core/env/replay.h"
#include "tests/plugins/intercodesql_core/open_sql.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::test;

namespace {

std::vector<Json> read_lines(const std::string& path) {
  std::vector<Json> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

Json replay(const env::Environment& environment, const Json& golden) {
  Json actions = Json::array();
  for (const Json& step : golden["steps"]) actions.push_back(step["llm_output"]);
  env::ReplayOptions options;
  options.max_steps = golden["max_steps"];
  return env::replay_case(environment,
                          {{"id", golden["id"]},
                           {"task", std::to_string(golden["task_id"].get<int>())},
                           {"actions", actions},
                           {"agent_text", true}},
                          options);
}

}  // namespace

TEST_CASE("recorded episodes of the original adapter are the same step by step", "[intercodesql][golden]") {
  const std::string path = shared_file("golden/intercodesql/episodes.jsonl"), data = official_data();
  if (path.empty() || data.empty()) return;
  const auto environment = open_sql(data, {{"reward", "intercode"}});
  for (const Json& golden : read_lines(path)) {
    CAPTURE(golden["id"]);
    const Json out = replay(*environment, golden);
    REQUIRE(out["error"].is_null());
    CHECK(out["instruction"] == golden["question"]);
    REQUIRE(out["steps"].size() == golden["steps"].size());
    for (std::size_t i = 0; i < out["steps"].size(); ++i) {
      const Json &step = out["steps"][i], &expected = golden["steps"][i];
      CAPTURE(i);
      CHECK(step["observation"] == expected["observation"]);
      CHECK(step["info"]["finished"] == expected["finished"]);
      CHECK(step["info"]["steps"] == expected["steps"]);
      CHECK(step["info"]["terminate_reason"] == expected["terminate_reason"]);
      CHECK(step["success"] == expected["success"]);
    }
    const Json& reward = golden["steps"].back()["reward"];
    CHECK(out["outcome"].get<double>() == Approx(reward.is_null() ? 0.0 : reward.get<double>()).margin(1e-9));
  }
}

TEST_CASE("the messages before a task are the original's", "[intercodesql][golden]") {
  const std::string path = shared_file("golden/intercodesql/initial_prompt.json"), data = official_data();
  if (path.empty() || data.empty()) return;
  const Json golden = load_json(path);
  const Json input = {{"id", "x"}, {"task", golden["task_id"]}, {"agent_text", true}};
  env::ReplayOptions options;
  options.history = true;
  const auto conversation = open_sql(data, {{"prompts", data + "/prompts"}});
  CHECK(env::replay_case(*conversation, input, options)["history"] == golden["history"]);
  const auto first = open_sql(data, {{"prompts", data + "/prompts"}, {"prompt_format", "first"}});
  CHECK(env::replay_case(*first, input, options)["initial"]["observation"] == golden["prompt_first_format"]);
}
