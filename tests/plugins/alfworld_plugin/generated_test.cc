// The plugin on its generated games: splits, both text versions, forks, the expert, prompts.

#include <set>
#include <string>
#include <vector>

#include "core/env/replay.h"
#include "tests/plugins/alfworld_plugin/open_alfworld.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;

namespace {

const std::map<std::string, Json> kTiny = {{"world_size", "tiny"}};

std::map<std::string, Json> tiny(const char* key, const Json& value) {
  auto settings = kTiny;
  settings[key] = value;
  return settings;
}

struct Played {
  std::vector<std::string> actions, observations;
  bool success = false;
};
Played play_expert(const env::Environment& environment, const env::Task& task) {
  env::Session session = need(env::Session::start(environment, task, 0, 0));
  Played played;
  while (!session.finished()) {
    const std::string message = need(session.expert_message());
    if (message.empty()) break;  // an expert that knows no further
    CHECK(message.starts_with("Thought: "));
    const env::Turn turn = need(session.say(message));
    played.actions.push_back(turn.action);
    played.observations.push_back(turn.observation);
  }
  played.success = session.success();
  return played;
}

}  // namespace

TEST_CASE("generated games stand in four splits that share no trial", "[alfworld][plugin]") {
  const auto environment = open_alfworld("", kTiny);
  std::vector<std::string> names;
  std::set<std::string> trials;
  std::size_t tasks = 0;
  for (std::size_t split = 0; split < environment->splits().size(); ++split) {
    names.push_back(environment->splits()[split].name);
    for (std::uint64_t i = 0; i < environment->splits()[split].task_count; ++i, ++tasks) {
      const env::Task task = need(environment->task_at(split, i));
      CAPTURE(task.id);
      trials.insert(task.meta["leak_key"].get<std::string>());
      CHECK(task.id.find('/' + task.meta["family"].get<std::string>() + '-') != std::string::npos);
      CHECK(task.id.find('-' + task.meta["cluster"].get<std::string>() + '/') != std::string::npos);
      const Json shown = replay(*environment, task.id, {});
      CHECK(shown["initial"]["observation"].get<std::string>().ends_with("Your task is to: " + task.instruction));
    }
  }
  CHECK(names == std::vector<std::string>{"train", "dev", "valid_seen", "valid_unseen"});
  CHECK(trials.size() == tasks);
  CHECK_FALSE(environment->task_by_id("train/x/y").ok());
}

TEST_CASE("the generated world follows its seed", "[alfworld][plugin]") {
  const auto one = open_alfworld("", kTiny), again = open_alfworld("", kTiny),
             two = open_alfworld("", tiny("world_seed", 2));
  CHECK(need(one->task_at(0, 0)).id == need(again->task_at(0, 0)).id);
  CHECK(need(one->task_at(0, 0)).id != need(two->task_at(0, 0)).id);
}

TEST_CASE("the expert of generated games plays the same in both text versions", "[alfworld][plugin]") {
  const auto old_text = open_alfworld("", kTiny), new_text = open_alfworld("", tiny("text_version", "new"));
  std::size_t won = 0, tasks = 0;
  for (const env::Task& task : need(old_text->tasks_of_role(IPR_SPLIT_TRAIN))) {
    CAPTURE(task.id);
    const Played in_old = play_expert(*old_text, task), in_new = play_expert(*new_text, task);
    CHECK(in_old.success == in_new.success);
    CHECK(in_old.actions.size() == in_new.actions.size());
    won += in_old.success ? 1 : 0;
    ++tasks;
  }
  CHECK(won * 10 >= tasks * 7);
}

TEST_CASE("a fork of a generated game keeps what its expert has seen", "[alfworld][plugin]") {
  const auto environment = open_alfworld("", kTiny);
  const env::Task task = need(environment->task_at(0, 1));
  const Played played = play_expert(*environment, task);
  for (std::size_t keep = 0; keep < played.actions.size(); ++keep) {
    env::Episode episode = need(environment->new_episode());
    need(episode.reset(task.id, 0));
    for (std::size_t i = 0; i < keep; ++i) need(episode.step(played.actions[i]));
    env::Episode fork = need(episode.fork());
    need(episode.step("inventory"));
    for (std::size_t i = keep; i < played.actions.size(); ++i) {
      const auto advice = need(fork.expert());
      REQUIRE(advice);
      CHECK(advice->action == played.actions[i]);
      need(fork.step(played.actions[i]));
    }
  }
}

TEST_CASE("an episode before its first reset is refused, not followed", "[alfworld][plugin]") {
  const auto environment = open_alfworld("", kTiny);
  env::Episode episode = need(environment->new_episode());
  CHECK_FALSE(episode.step("look").ok());
  CHECK_FALSE(episode.actions().ok());
  CHECK_FALSE(episode.expert().ok());
  CHECK(episode.fingerprint() == 0);
  CHECK_FALSE(episode.reset("nowhere", 0).ok());
}

TEST_CASE("generated games have no prompt, or ours in one message", "[alfworld][plugin]") {
  CHECK(need(open_alfworld("", kTiny)->prompts()).of("").empty());
  auto settings = tiny("prompts", "own");
  CHECK(need(open_alfworld("", settings)->prompts()).of("").size() == 2);
  settings["prompt_format"] = "first";
  const auto first = open_alfworld("", settings);
  CHECK(need(first->prompts()).of("").empty());
  const std::string shown = replay(*first, need(first->task_at(0, 0)).id, {}, true)["initial"]["observation"];
  CHECK(shown.starts_with("You are in a household"));
  CHECK(shown.find("Now, it's your turn and here is the task.\nYou are in the middle of a room.") != std::string::npos);
}
