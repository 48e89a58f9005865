// The plugin on its generated databases: splits, episodes, runners, the expert.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/env/replay.h"
#include "tests/plugins/intercodesql_core/open_sql.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;

namespace {

const std::map<std::string, Json> kTiny = {{"world_size", "tiny"}};

std::map<std::string, Json> tiny(const char* key, const char* value) {
  auto settings = kTiny;
  settings[key] = value;
  return settings;
}

Json replay(const env::Environment& environment, const std::string& task, const std::vector<std::string>& actions,
            bool agent_text) {
  const Json out = env::replay_case(
      environment, {{"id", "x"}, {"task", task}, {"actions", actions}, {"agent_text", agent_text}}, {});
  REQUIRE(out["error"].is_null());
  return out;
}

// The right answer to a task, as a well-behaved expert gives it at some point.
std::string first_task(const env::Environment& environment) {
  return need(environment.task_at(0, 0)).id;
}

struct Played {
  std::vector<std::string> actions;
  double outcome = 0;
  bool success = false;
  std::size_t unknown_columns = 0;
};
Played play_expert(const env::Environment& environment, const env::Task& task) {
  env::Session session = need(env::Session::start(environment, task, 0, 0));
  Played played;
  while (!session.finished()) {
    const std::string message = need(session.expert_message());
    if (message.empty()) break;  // an expert that has nothing to add
    const env::Turn turn = need(session.say(message));
    REQUIRE(turn.parsed);
    played.actions.push_back(turn.action);
    played.unknown_columns += turn.observation.find("Unknown column") != std::string::npos ? 1 : 0;
  }
  played.outcome = session.outcome();
  played.success = session.success();
  return played;
}

std::vector<env::Task> tasks_of(const env::Environment& environment, std::uint32_t role) {
  return need(environment.tasks_of_role(role));
}

}  // namespace

TEST_CASE("splits of the generated databases share no leak key", "[intercodesql][plugin]") {
  const auto environment = open_sql("", kTiny);
  CHECK(tasks_of(*environment, IPR_SPLIT_TRAIN).size() == 24);
  CHECK(tasks_of(*environment, IPR_SPLIT_DEV).size() == 8);
  CHECK(tasks_of(*environment, IPR_SPLIT_TEST).size() == 16);
  std::set<std::string> train;
  for (const auto& task : tasks_of(*environment, IPR_SPLIT_TRAIN)) train.insert(task.meta["leak_key"]);
  for (const auto& task : tasks_of(*environment, IPR_SPLIT_TEST)) CHECK(train.count(task.meta["leak_key"]) == 0);
  CHECK_FALSE(environment->task_by_id("48").ok());
}

TEST_CASE("the expert earns most, errs sometimes and meets a missing column", "[intercodesql][plugin]") {
  const auto environment = open_sql("");
  double sum = 0, kept = 0, solved = 0;
  std::size_t unknown = 0, asked = 0;
  auto tasks = tasks_of(*environment, IPR_SPLIT_TRAIN);
  tasks.resize(240);
  for (const env::Task& task : tasks) {
    const Played played = play_expert(*environment, task);
    CHECK(played.actions.back() == "submit");
    CHECK(played.actions.size() <= 7);
    sum += played.outcome;
    kept += played.outcome > 0.2;
    solved += played.success;
    unknown += played.unknown_columns;
    ++asked;
  }
  const auto count = static_cast<double>(asked);
  CHECK(sum / count > 0.8);
  CHECK(sum / count < 0.97);
  CHECK(kept / count > 0.9);
  CHECK(solved / count > 0.6);
  CHECK(unknown > asked / 40);
}

TEST_CASE("submit pays for the last result, and the episode goes on after it", "[intercodesql][plugin]") {
  const auto environment = open_sql("", kTiny);
  const std::string task = first_task(*environment);
  const Json nothing = replay(*environment, task, {"submit"}, false);
  CHECK(nothing["initial"]["observation"] == "None");
  CHECK(nothing["steps"][0]["observation"] == "None");
  CHECK(nothing["steps"][0]["terminated"] == true);
  CHECK(nothing["steps"][0]["success"] == false);
  CHECK(nothing["outcome"] == 0.0);
  const Json on = replay(*environment, task, {"submit", "SHOW TABLES", "no sql", "submit "}, false);
  CHECK(on["steps"][1]["terminated"] == false);
  CHECK(on["steps"][1]["valid"] == true);
  CHECK(on["steps"][2]["valid"] == false);
  CHECK(
      on["steps"][2]["observation"].get<std::string>().starts_with("Error executing query: You have an error in your"));
  CHECK(on["steps"][3]["terminated"] == false);  // only exactly `submit` is one
  CHECK(on["steps"][0]["available_actions"].is_null());
}

TEST_CASE("a solved task pays 1 in every runner", "[intercodesql][plugin]") {
  for (const char* runner : {"ipr", "react", "try_again"}) {
    CAPTURE(runner);
    const auto environment = open_sql("", tiny("runner", runner));
    std::size_t solved = 0;
    for (const env::Task& task : tasks_of(*environment, IPR_SPLIT_TEST)) {
      const Played played = play_expert(*environment, task);
      solved += played.success ? 1 : 0;
      CHECK(played.success == (played.outcome == 1));
    }
    CHECK(solved >= 8);
  }
}

TEST_CASE("IPR's adapter counts every message and pays at submit only", "[intercodesql][plugin]") {
  const auto environment = open_sql("", kTiny);
  const std::string task = first_task(*environment);
  std::vector<std::string> messages(12, "I do not know.");
  const Json lost = replay(*environment, task, messages, true);
  CHECK(lost["steps"].size() == 10);
  CHECK(lost["steps"][9]["info"]["finished"] == true);
  CHECK(lost["steps"][9]["info"]["terminate_reason"] == "max_steps");
  CHECK(lost["steps"][0]["observation"].get<std::string>().starts_with("Observation: I don't understand your input."));
  CHECK(lost["outcome"] == 0.0);
  messages[9] = "Action: submit";
  const Json last = replay(*environment, task, messages, true);
  CHECK(last["steps"][9]["terminated"] == true);
  CHECK(last["steps"][9]["info"]["terminate_reason"] == "Error answer.");
  CHECK(last["steps"][9]["observation"] == "Observation: None");
}

TEST_CASE("Try Again ends at reward 1 and pays its best turn", "[intercodesql][plugin]") {
  const auto plain = open_sql("", kTiny);
  const auto again = open_sql("", tiny("runner", "try_again"));
  const env::Task task = need(plain->task_at(0, 0));
  const Played played = play_expert(*plain, task);
  const std::string answer = *(played.actions.end() - 2);
  const Json out = replay(*again, task.id, {"SHOW TABLES", answer, "SHOW TABLES"}, false);
  CHECK(out["steps"][1]["reward"] == played.outcome);
  CHECK(out["outcome"] == played.outcome);
  CHECK(out["steps"][1]["terminated"] == (played.outcome == 1));
}

TEST_CASE("the ReAct runner pays without a submit, IPR's does not", "[intercodesql][plugin]") {
  const auto ipr = open_sql("", kTiny);
  const auto react = open_sql("", tiny("runner", "react"));
  const env::Task task = need(ipr->task_at(0, 0));
  const Played played = play_expert(*ipr, task);
  const std::string answer = *(played.actions.end() - 2);
  CHECK(replay(*ipr, task.id, {fenced(answer)}, true)["outcome"] == 0.0);
  const Json out = replay(*react, task.id, {"Action: execute[" + answer + "]"}, true);
  CHECK(out["outcome"] == played.outcome);
}

TEST_CASE("the task message of format first holds the whole prompt", "[intercodesql][plugin]") {
  auto settings = tiny("prompts", "own");
  const auto conversation = open_sql("", settings);
  settings["prompt_format"] = "first";
  const auto first = open_sql("", settings);
  CHECK(need(conversation->prompts()).of("").size() == 2);
  CHECK(need(first->prompts()).of("").empty());
  const std::string task = first_task(*first);
  const std::string shown = replay(*first, task, {}, true)["initial"]["observation"];
  CHECK(shown.starts_with(need(conversation->prompts()).of("")[0].text));
  CHECK(shown.ends_with(need(first->task_by_id(task)).instruction));
}

TEST_CASE("a fork goes its own way, what it writes stays its own", "[intercodesql][plugin]") {
  const auto environment = open_sql("", kTiny);
  const env::Task task = need(environment->task_at(0, 0));
  env::Episode episode = need(environment->new_episode());
  need(episode.reset(task.id, 0));
  const std::string tables(need(episode.step("SHOW TABLES")).observation);
  need(episode.step("CREATE TABLE mine (a int)"));
  need(episode.step("INSERT INTO mine VALUES (1)"));
  env::Episode fork = need(episode.fork());
  CHECK(fork.fingerprint() == episode.fingerprint());
  need(fork.step("INSERT INTO mine VALUES (2)"));
  CHECK(need(fork.step("SELECT COUNT(*) FROM mine")).observation == "[(2,)]");
  CHECK(need(episode.step("SELECT COUNT(*) FROM mine")).observation == "[(1,)]");
  CHECK(fork.fingerprint() != episode.fingerprint());
  need(episode.reset(task.id, 0));
  CHECK(need(episode.step("SHOW TABLES")).observation == tables);
}

TEST_CASE("deleting everything does not make an answer right", "[intercodesql][plugin]") {
  const auto environment = open_sql("", kTiny);
  const env::Task task = need(environment->task_at(0, 0));
  const Played played = play_expert(*environment, task);
  const std::string query = *(played.actions.end() - 2);
  const auto from = query.find(" FROM ") + 6;
  const std::string table = query.substr(from, query.find(' ', from) - from);
  const Json out = replay(*environment, task.id, {"DELETE FROM " + table, "SELECT * FROM " + table, "submit"}, false);
  CHECK(out["steps"][1]["observation"] == "[]");
  CHECK(out["outcome"] == 0.0);
}

TEST_CASE("of two statements in one action the first is run and the agent is told", "[intercodesql][plugin]") {
  const auto environment = open_sql("", kTiny);
  const Json out = replay(*environment, first_task(*environment),
                          {"CREATE TABLE mine (a int); SELECT 1", "SELECT COUNT(*) FROM mine", "SELECT 1;"}, false);
  CHECK(out["steps"][0]["observation"] ==
        "Error executing query: Only one statement can be run at a time; the others were not run");
  CHECK(out["steps"][0]["valid"] == false);
  CHECK(out["steps"][1]["observation"] == "[(0,)]");
  CHECK(out["steps"][2]["observation"] == "[(1,)]");
}

TEST_CASE("wrong settings are named", "[intercodesql][plugin]") {
  CHECK_THROWS_WITH(open_sql("", tiny("now", "today")), Catch::Contains("setting \"now\": expected a time"));
  CHECK_THROWS_WITH(open_sql("/nowhere", kTiny), Catch::Contains("holds no questions"));
}
