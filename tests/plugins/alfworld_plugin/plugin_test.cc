// The plugin on real games: episodes, forks, splits, settings, the expert.

#include <set>
#include <string>
#include <vector>

#include "core/env/replay.h"
#include "tests/plugins/alfworld_plugin/open_alfworld.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::test;

namespace {

constexpr const char* kHotMug =
    "train/pick_heat_then_place_in_recep-Mug-None-CoffeeMachine-13/trial_T20190908_185043_273617";

std::string failure_of(const std::string& data, const std::map<std::string, Json>& settings) {
  try {
    (void)open_alfworld(data, settings);
  } catch (const std::runtime_error& failure) {
    return failure.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Plays the expert to the end; the last step's success.
bool expert_wins(const env::Environment& environment, const env::Task& task) {
  env::Session session = need(env::Session::start(environment, task, 0, 0));
  while (!session.finished()) {
    const std::string message = need(session.expert_message());
    if (message.empty()) break;
    const env::Turn turn = need(session.say(message));
    CHECK((turn.flags & IPR_STEP_INVALID) == 0);
  }
  return session.success();
}

}  // namespace

TEST_CASE("a bare episode shows the raw text, goes on after its end and counts its steps", "[alfworld][plugin]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const auto environment = open_alfworld(data);
  const env::Task task = need(environment->task_by_id(kHotMug));
  CHECK(task.instruction == "heat some mug and put it in coffeemachine.");
  CHECK(task.meta["family"] == "pick_heat_then_place_in_recep");
  CHECK(task.meta["cluster"] == "13");
  CHECK(task.meta["leak_key"] == "trial_T20190908_185043_273617");
  const Json out = replay(*environment, kHotMug, {"go to nowhere 1", " look \n", "help"});
  REQUIRE(out["error"].is_null());
  CHECK(out["initial"]["observation"].get<std::string>().starts_with("-= Welcome to TextWorld, ALFRED! =-\n\nYou are"));
  CHECK(out["steps"][0]["observation"] == "Nothing happens.");
  CHECK(out["steps"][0]["valid"] == false);
  CHECK(out["steps"][1]["valid"] == true);
  CHECK(out["steps"][2]["valid"] == false);  // old text has no help
  CHECK(out["steps"][1]["info"] == Json({{"won", false}, {"score", 0}}));
  CHECK(out["steps"][1]["progress"].is_null());

  env::Episode episode = need(environment->new_episode());
  env::Step step = need(episode.reset(kHotMug, 0));
  CHECK(Json::parse(step.stats_json) == Json({{"won", 0}, {"steps", 0}, {"nothing_happens", 0}}));
  step = need(episode.step("go to nowhere 1"));
  step = need(episode.step("look"));
  CHECK(Json::parse(step.stats_json) == Json({{"won", 0}, {"steps", 2}, {"nothing_happens", 1}}));
}

TEST_CASE("the two text versions of one game", "[alfworld][plugin]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const auto old_text = open_alfworld(data), new_text = open_alfworld(data, {{"text_version", "new"}}),
             unstripped = open_alfworld(data, {{"strip_arrival", false}});
  const std::string go = "Action: go to fridge 1";
  const Json in_old = replay(*old_text, kHotMug, {go}, true), in_new = replay(*new_text, kHotMug, {go}, true),
             whole = replay(*unstripped, kHotMug, {go}, true);
  CHECK(in_old["steps"][0]["observation"] == "Observation: The fridge 1 is closed.");
  CHECK(in_new["steps"][0]["observation"] == in_old["steps"][0]["observation"]);
  const std::string shown = whole["steps"][0]["observation"];
  CHECK(shown.starts_with("Observation: You arrive at loc "));
  CHECK(shown.ends_with(". The fridge 1 is closed."));
  CHECK(replay(*new_text, kHotMug, {"help"})["steps"][0]["valid"] == true);
}

TEST_CASE("a message without a command uses a step and pays nothing", "[alfworld][plugin]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const auto ipr = open_alfworld(data), eto = open_alfworld(data, {{"wrapper", "eto"}});
  const std::vector<std::string> messages(50, "I do not know.");
  const Json out = replay(*ipr, kHotMug, messages, true);
  REQUIRE(out["steps"].size() == 20);
  CHECK(out["steps"][0]["observation"] == "Observation: Error Input. Your input must contains 'Action: '");
  CHECK(out["steps"][19]["info"]["terminate_reason"] == "max_steps");
  CHECK(out["steps"][19]["exit_status"] == "invalid_format");
  CHECK(out["outcome"] == 0.0);
  CHECK(replay(*eto, kHotMug, messages, true)["steps"].size() == 40);
}

TEST_CASE("a fork goes its own way and equals replay", "[alfworld][plugin]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const auto environment = open_alfworld(data);
  env::Episode episode = need(environment->new_episode());
  need(episode.reset(kHotMug, 0));
  std::vector<std::string> taken;
  for (std::uint64_t i = 0; i < 12; ++i) {
    env::Episode fork = need(episode.fork());
    CHECK(fork.fingerprint() == episode.fingerprint());
    CHECK(need(fork.actions()) == need(episode.actions()));
    for (std::uint64_t k = 0; k < 5; ++k) need(fork.step(need(fork.sample_action(100 * i + k))));
    const std::string action = need(episode.sample_action(i));
    const std::string shown(need(episode.step(action)).observation);
    taken.push_back(action);
    const Json again = replay(*environment, kHotMug, taken);
    CHECK(again["steps"].back()["observation"] == shown);
  }
}

TEST_CASE("the expert wins the games that have a walkthrough", "[alfworld][plugin]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const auto environment = open_alfworld(data);
  const std::size_t unseen = need(environment->split_named("valid_unseen"));
  for (std::uint64_t i = 0; i < environment->splits()[unseen].task_count; ++i) {
    const env::Task task = need(environment->task_at(unseen, i));
    CAPTURE(task.id);
    CHECK(expert_wins(*environment, task));
  }
}

TEST_CASE("prompts: our own, the published ones, ETO's, none", "[alfworld][plugin]") {
  const std::string data = real_games(), prompts = shared_file("data/prompts");
  if (data.empty() || prompts.empty()) return;
  const auto own = need(open_alfworld(data)->prompts()).of("");
  REQUIRE(own.size() == 2);
  CHECK(contains(own[0].text, "put {thing} in/on {place}"));
  CHECK(own[1].text == "OK");
  CHECK(contains(need(open_alfworld(data, {{"text_version", "new"}})->prompts()).of("")[0].text,
                 "move {thing} to {place}"));
  CHECK(need(open_alfworld(data, {{"prompts", "none"}})->prompts()).of("").empty());
  const auto published = need(open_alfworld(data, {{"prompts", prompts}})->prompts()).of("");
  REQUIRE(published.size() == 12);
  CHECK(contains(published[0].text, "\n2. task {obj} from {recep}\n"));
  CHECK(published[2].example);
  CHECK_FALSE(published[1].example);
  const auto eto = need(open_alfworld(data, {{"prompts", prompts}, {"wrapper", "eto"}, {"icl", 0}})->prompts()).of("");
  REQUIRE(eto.size() == 2);
  CHECK(contains(eto[0].text, "\n2. take {obj} from {recep}\n"));
  CHECK(contains(failure_of(data, {{"prompts", "/nowhere"}}), "/nowhere/alfworld_inst.txt"));
}

TEST_CASE("splits of the real games share no trial", "[alfworld][plugin]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const auto environment = open_alfworld(data);
  std::set<std::string> seen;
  for (const std::uint32_t role : {IPR_SPLIT_TRAIN, IPR_SPLIT_DEV, IPR_SPLIT_TEST}) {
    for (const env::Task& task : need(environment->tasks_of_role(role)))
      CHECK(seen.insert(task.meta["leak_key"].get<std::string>()).second);
  }
  CHECK(seen.size() == 242);
  const auto heat = open_alfworld(data, {{"task_types", "pick_heat_then_place_in_recep, look_at_obj_in_light"}});
  for (const env::Task& task : need(heat->tasks_of_role(IPR_SPLIT_TEST)))
    CHECK(task.meta["family"] != "pick_two_obj_and_place");
  CHECK(contains(failure_of(data, {{"task_types", "heat"}}), "unknown type \"heat\""));
}
