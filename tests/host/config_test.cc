// `--config`: what the file may hold, what is stronger, and a finished run's config.json as a config again.
#include <filesystem>

#include "core/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;

namespace {

using Words = std::vector<std::string>;

Json plan_of(const Workplace& place, Words more, const std::map<std::string, std::string>& variables = {}) {
  Call call = place.call({"--env", "gridworld", "--dry-run", "--json"});
  call.arguments.insert(call.arguments.end(), more.begin(), more.end());
  for (const auto& [name, value] : variables) call.variables[name] = value;
  const Ended ended = run_program(call);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  return Json::parse(ended.out);
}

void refused(const Workplace& place, Words words, int code, const std::string& part) {
  const Ended ended = place.host(std::move(words));
  INFO(ended.err);
  CHECK(ended.exit_code == code);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], part));
}

// What --dry-run says of a flag: its value and where it came from.
struct Value {
  Json value, origin;
};
Value value_of(const Call& call, const std::string& flag) {
  const Ended ended = run_program(call);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  const Json plan = Json::parse(ended.out);
  return {plan.at("config").at(flag), plan.at("origin").at(flag)};
}

}  // namespace

TEST_CASE("settings nest in the file as they do in their names", "[host][config]") {
  const Workplace place;
  REQUIRE(write_file(place.file("nested.json"), R"({
    "samples": 3,
    "set": {"env": {"detours": 0.25}, "optimizer": {"beta": 0.3, "train": {"epochs": 2}},
            "train.lr": 1e-4, "sft": {"train": {"betas": [0.9, 0.95]}}}})")
              .ok());
  const Json plan = plan_of(place, {"--config", "nested.json"});
  CHECK(plan.at("config").at("env").at("settings").at("detours") == Json(0.25));
  CHECK(plan.at("config").at("optimizer").at("settings").at("beta") == Json(0.3));
  CHECK(plan.at("config").at("optimizer").at("train").at("epochs") == Json(2));
  CHECK(plan.at("config").at("optimizer").at("train").at("lr") == Json(1e-4));
  CHECK(plan.at("config").at("sft").at("train").at("betas") == Json({0.9, 0.95}));
  CHECK(plan.at("config").at("scorer").at("settings").at("samples") == Json(3));
  for (const char* key : {"gridworld.detours", "ipr.beta", "ipr.train.lr", "mc.samples"}) {
    INFO(key);
    CHECK(plan.at("origin").at(key) == "config file");
  }
}

TEST_CASE("a flag is stronger than a variable than the file, setting by setting", "[host][config]") {
  const Workplace place;
  REQUIRE(write_file(place.file("c.json"), R"({"set": {"scorer": {"samples": 2, "temperature": 0.5}}})").ok());
  const auto scorer = [&](Words more, const std::map<std::string, std::string>& variables) {
    more.insert(more.end(), {"--config", "c.json"});
    return plan_of(place, more, variables).at("config").at("scorer").at("settings");
  };
  CHECK(scorer({}, {}).at("samples") == 2);
  CHECK(scorer({}, {{"IPR_HOST_SAMPLES", "3"}}).at("samples") == 3);
  CHECK(scorer({}, {{"IPR_HOST_SET", "scorer.samples=4"}}).at("samples") == 4);
  CHECK(scorer({"--samples", "6"}, {{"IPR_HOST_SET", "scorer.samples=4"}}).at("samples") == 6);
  CHECK(scorer({"--set", "scorer.samples=7"}, {{"IPR_HOST_SAMPLES", "3"}}).at("samples") == 7);
  CHECK(scorer({"--set", "scorer.samples=7"}, {}).at("temperature") == 0.5);  // still the file's
}

TEST_CASE("a run's config.json is a config: the same run again", "[host][config]") {
  const Workplace place;
  const Json plan = plan_of(place, {"--seed", "3", "--samples", "2", "--preset", "quick", "--limit", "9", "--set",
                                    "env.detours=0.1", "--set", "train.lr=2e-4", "--set", "sft.train.epochs=4"});
  REQUIRE(write_file(place.file("run.json"), plan.dump(2)).ok());
  const Ended again = place.host({"run", "--config", "run.json", "--dry-run", "--json"});
  INFO(again.err);
  REQUIRE(again.exit_code == 0);
  CHECK(Json::parse(again.out).at("config") == plan.at("config"));
  CHECK(Json::parse(again.out).at("hash") == plan.at("hash"));
  const Json changed = plan_of(place, {"--config", "run.json", "--seed", "4"});
  CHECK(changed.at("config").at("seed") == 4);
  CHECK(changed.at("config").at("scorer") == plan.at("config").at("scorer"));
}

TEST_CASE("how replies are asked for is part of the config where it is said", "[host][config]") {
  const Workplace place;
  const Json plain = plan_of(place, {});
  for (const char* key : {"chat_template", "stop", "overflow"}) CHECK_FALSE(plain.at("config").contains(key));
  const Json plan = plan_of(
      place, {"--stop", "\nObservation:", "--stop", "---", "--overflow", "keep-tail", "--chat-template", "plain"});
  CHECK(plan.at("config").at("stop") == Json({"\nObservation:", "---"}));
  CHECK(plan.at("config").at("overflow") == "keep-tail");
  CHECK(plan.at("config").at("chat_template") == "plain");
  CHECK(plan.at("origin").at("stop") == "flag");
  CHECK(plan.at("hash") != plain.at("hash"));
  REQUIRE(write_file(place.file("run.json"), plan.dump()).ok());
  CHECK(plan_of(place, {"--config", "run.json"}).at("hash") == plan.at("hash"));
  refused(place, {"--env", "gridworld", "--overflow", "keep-tial"}, 2, "did you mean \"keep-tail\"?");
  refused(place, {"--env", "gridworld", "--chat-template", "llama-3"}, 2, "the mini model speaks \"plain\"");
}

TEST_CASE("slips in settings are refused before anything starts, with the nearest name", "[host][config]") {
  const Workplace place;
  refused(place, {"--env", "gridworld", "--set", "env.detuors=0.1"}, 2, "did you mean \"detours\"?");
  refused(place, {"--env", "gridworld", "--set", "scorrer.samples=2"}, 2, "did you mean \"scorer\"?");
  refused(place, {"--env", "gridworld", "--set", "trian.lr=1"}, 2, "did you mean \"train\"?");
  refused(place, {"--env", "gridworld", "--set", "train.epoch=1"}, 2, "did you mean \"epochs\"?");
  refused(place, {"--env", "gridworld", "--set", "sft.train.observation_shar=1"}, 2,
          "did you mean \"observation_share\"?");
  refused(place, {"--env", "gridworld", "--set", "train.lr=much"}, 2, "lr");
  refused(place, {"eval", "--env", "gridworld", "--policy", "noop", "--set", "evn.detours=0"}, 2,
          "did you mean \"env\"?");
  refused(place, {"eval", "--env", "gridworld", "--policy", "noop", "--set", "env.detuors=0"}, 2,
          "did you mean \"detours\"?");
  REQUIRE(write_file(place.file("slip.json"), R"({"set": {"env": {"detuors": 0.1}}})").ok());
  refused(place, {"--env", "gridworld", "--config", "slip.json"}, 2, "did you mean \"detours\"?");
  REQUIRE(write_file(place.file("number.json"), R"({"set": [3]})").ok());
  refused(place, {"--env", "gridworld", "--config", "number.json"}, 2, "KEY=VALUE");
  REQUIRE(write_file(place.file("self.json"), R"({"config": "other.json"})").ok());
  refused(place, {"--env", "gridworld", "--config", "self.json"}, 2, "unknown flag \"config\"");
}

TEST_CASE("one file may serve several commands", "[host][config]") {
  const Workplace place;
  REQUIRE(
      write_file(place.file("shared.json"),
                 R"({"env": "gridworld", "iterations": 2, "set": {"scorer": {"samples": 2}, "train": {"lr": 1e-4}}})")
          .ok());
  const Ended ended = place.host({"eval", "--config", "shared.json", "--policy", "noop", "--limit", "2", "--json"});
  INFO(ended.err);
  CHECK(ended.exit_code == 0);
  Call call = place.call({"eval", "--config", "shared.json", "--limit", "2", "--json"});
  call.variables["IPR_HOST_POLICY"] = "noop";  // every flag has its variable
  CHECK(run_program(call).exit_code == 0);
}

TEST_CASE("flag before variable before config file before default", "[host]") {
  const Workplace place;
  REQUIRE(write_file(place.file("config.json"),
                     "{\"seed\": 7, // of the file\n \"iterations\": 2, \"set\": [\"env.detours=0.5\"]}")
              .ok());
  Call call = place.call({"--env", "gridworld", "--dry-run", "--json"});
  CHECK(value_of(call, "seed").value == Json(0));
  CHECK(value_of(call, "seed").origin == "default");
  call.arguments.insert(call.arguments.end(), {"--config", "config.json"});
  CHECK(value_of(call, "seed").value == Json(7));
  CHECK(value_of(call, "seed").origin == "config file");
  CHECK(value_of(call, "iterations").value == Json(2));
  call.variables["IPR_HOST_SEED"] = "15";
  CHECK(value_of(call, "seed").value == Json(15));
  CHECK(value_of(call, "seed").origin == "environment variable");
  CHECK(value_of(call, "iterations").value == Json(2));  // still the file's
  call.arguments.insert(call.arguments.end(), {"--seed", "9"});
  CHECK(value_of(call, "seed").value == Json(9));
  CHECK(value_of(call, "seed").origin == "flag");
  const Json plan = Json::parse(run_program(call).out);
  CHECK(plan.at("config").at("env").at("settings").at("detours") == Json(0.5));
  CHECK(plan.at("origin").at("gridworld.detours") == "config file");
}

TEST_CASE("the plan's hash names the config and nothing else", "[host]") {
  const Workplace place;
  const auto hash = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"--env", "gridworld", "--dry-run", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return Json::parse(place.host(words).out).at("hash").get<std::string>();
  };
  CHECK(hash({}).size() == 8);
  CHECK(hash({"--threads", "1"}) == hash({"--threads", "4"}));
  CHECK(hash({"--out", "elsewhere"}) == hash({}));
  CHECK(hash({"--seed", "1"}) != hash({}));
  CHECK(hash({"--set", "train.lr=0.5"}) != hash({}));
  CHECK(hash({"--set", "env.detours=0.1"}) != hash({}));
  CHECK_FALSE(std::filesystem::exists(place.file("runs")));  // --dry-run starts nothing
}
