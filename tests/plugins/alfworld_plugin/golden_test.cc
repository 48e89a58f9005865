// The environment against recordings of the original: of the engine step by step, and of IPR's wrapper around it.

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "core/env/replay.h"
#include "tests/plugins/alfworld_plugin/open_alfworld.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::test;

namespace {

std::vector<Json> read_lines(const std::string& path) {
  std::vector<Json> lines;
  FILE* pipe = ::popen(("gzip -dc '" + path + "'").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char* line = nullptr;
  std::size_t room = 0;
  for (ssize_t size = 0; (size = ::getline(&line, &room, pipe)) > 0;) lines.push_back(Json::parse(line, line + size));
  std::free(line);
  REQUIRE(::pclose(pipe) == 0);
  return lines;
}

// "json_2.1.1/<split>/<task>/<trial>/game.tw-pddl" as a task id.
std::string id_of(const std::string& path) {
  const auto begin = path.find('/') + 1;
  return path.substr(begin, path.rfind('/') - begin);
}

// Whether a replayed step shows what was recorded; the first difference is printed.
void check_step(const Json& step, const Json& golden) {
  CHECK(step["observation"] == golden["obs"]);
  CHECK(step["available_actions"] == golden["adm"]);
  CHECK(step["info"]["won"] == golden["won"]);
  CHECK(step["info"]["score"] == golden["score"]);
  CHECK(step["terminated"] == golden["done"]);
  CHECK(step["success"] == golden["won"]);
  CHECK(step["reward"].get<double>() == golden["score"].get<double>());
}

std::size_t check_recording(const env::Environment& environment, const Json& golden) {
  std::size_t steps = 0;
  for (const Json& episode : golden["episodes"]) {
    CAPTURE(golden["path"], episode["kind"]);
    std::vector<std::string> commands;
    for (const Json& step : episode["steps"]) commands.push_back(step["cmd"]);
    const Json out = replay(environment, id_of(golden["path"]), commands);
    REQUIRE(out["error"].is_null());
    CHECK(out["initial"]["observation"] == episode["reset"]["obs"]);
    CHECK(out["initial"]["available_actions"] == episode["reset"]["adm"]);
    CHECK(out["initial"]["info"]["won"] == episode["reset"]["won"]);
    CHECK(out["initial"]["info"]["entities"] == golden["entities"]);
    REQUIRE(out["steps"].size() == commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
      CAPTURE(i, commands[i]);
      check_step(out["steps"][i], episode["steps"][i]);
      ++steps;
    }
  }
  return steps;
}

}  // namespace

TEST_CASE("recorded games of both text generations are the same step by step", "[alfworld][golden]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const auto old_games = open_alfworld(data, {{"generation", "json_2.1.1"}, {"text_version", "old"}}),
             new_games = open_alfworld(data, {{"generation", "json_2.1.3"}, {"text_version", "new"}});
  std::size_t steps = 0;
  for (const char* name : {"play_old", "play_new", "extra"}) {
    const std::string path = shared_file(std::string("golden/alfworld/") + name + ".jsonl.gz");
    if (path.empty()) return;
    for (const Json& golden : read_lines(path))
      steps += check_recording(golden["format"] == "old" ? *old_games : *new_games, golden);
  }
  CHECK(steps == 2833 + 2819 + 653);
}

TEST_CASE("recorded episodes of IPR's wrapper are the same up to their finishing step", "[alfworld][golden]") {
  const std::string data = real_games(), path = shared_file("golden/alfworld/ipr_wrapper.jsonl.gz"),
                    prompts = shared_file("data/prompts");
  if (data.empty() || path.empty() || prompts.empty()) return;
  std::map<std::string, Json> settings = {{"generation", "json_2.1.1"}, {"prompts", prompts}};
  const auto conversation = open_alfworld(data, settings);
  settings["prompt_format"] = "first";
  const auto first = open_alfworld(data, settings);
  std::size_t steps = 0;
  for (const Json& golden : read_lines(path)) {
    CAPTURE(golden["game"]);
    Json messages = Json::array();
    for (const Json& step : golden["steps"]) messages.push_back(step["llm"]);
    Json input = {{"id", "x"}, {"task", id_of(golden["game"])}, {"actions", messages}, {"agent_text", true}};
    env::ReplayOptions options;
    options.history = true;
    const Json out = env::replay_case(*conversation, input, options);
    REQUIRE(out["error"].is_null());
    CHECK(out["initial"]["observation"] == golden["task_observation"]);
    std::size_t finishing = 0;
    while (finishing + 1 < golden["steps"].size() && golden["steps"][finishing]["finished"] == false) ++finishing;
    REQUIRE(out["steps"].size() == finishing + 1);
    for (std::size_t i = 0; i <= finishing; ++i) {
      const Json &step = out["steps"][i], &expected = golden["steps"][i];
      CAPTURE(i, expected["llm"]);
      CHECK(step["observation"] == expected["obs"]);
      CHECK(step["info"]["steps"] == expected["steps"]);
      CHECK(step["info"]["finished"] == expected["finished"]);
      CHECK(step["info"]["terminate_reason"] == expected["terminate_reason"]);
      CHECK(step["success"] == expected["success"]);
      ++steps;
    }
    const Json& reward = golden["steps"][finishing]["reward"];
    CHECK(out["outcome"].get<double>() == (reward.is_null() ? 0.0 : reward.get<double>()));
    input["actions"] = Json::array();
    const Json fresh = env::replay_case(*conversation, input, options);
    CHECK(fresh["history"] == golden["history_after_reset"]);
    CHECK(env::replay_case(*first, input, options)["initial"]["observation"] == golden["first_prompt"]);
    const Json bare = replay(*conversation, id_of(golden["game"]), {});
    CHECK(bare["initial"]["observation"] == golden["raw_reset"]);
  }
  CHECK(steps > 100);
}

TEST_CASE("the quick look finds every game's task as the engine reads it", "[alfworld][golden]") {
  const std::string data = real_games();
  if (data.empty()) return;
  for (const char* generation : {"json_2.1.1", "json_2.1.3"}) {
    const auto environment = open_alfworld(data, {{"generation", generation}});
    for (std::size_t split = 0; split < environment->splits().size(); ++split) {
      for (std::uint64_t i = 0; i < environment->splits()[split].task_count; ++i) {
        const env::Task task = need(environment->task_at(split, i));
        CAPTURE(task.id);
        env::Episode episode = need(environment->new_episode());
        const env::Step step = need(episode.reset(task.id, 0));
        CHECK(std::string(step.observation).ends_with("\n\nYour task is to: " + task.instruction));
      }
    }
  }
}
