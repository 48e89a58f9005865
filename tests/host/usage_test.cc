// Words that the program does not understand, data that it cannot use, and where a setting's value comes from.
#include <algorithm>
#include <filesystem>

#include "core/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

// The call fails with this code and exactly one line, which contains `part`.
void call_fails(const Call& call, int code, const std::string& part) {
  const Ended ended = run_program(call);
  std::string words;
  for (const std::string& argument : call.arguments) words += " " + argument;
  INFO("ipr-host" << words << "\n" << ended.err);
  CHECK(ended.exit_code == code);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], part));
  CHECK(std::count(ended.err.begin(), ended.err.end(), '\n') == 1);
  CHECK(ended.out.empty());
}
void fails(std::vector<std::string> arguments, int code, const std::string& part) {
  const Workplace place;
  call_fails(place.call(std::move(arguments)), code, part);
}

}  // namespace

TEST_CASE("--version and --help answer on standard output and end well", "[host]") {
  const Workplace place;
  const Ended version = place.host({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out.starts_with("ipr-host "));
  CHECK(version.err.empty());
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"--help"},
                                                                                     {"run", "--help"},
                                                                                     {"eval", "--help"},
                                                                                     {"replay", "--help"},
                                                                                     {"model", "--help"},
                                                                                     {"model", "logprobs", "--help"},
                                                                                     {"plugin", "--help"},
                                                                                     {"plugin", "check", "--help"},
                                                                                     {"leaderboard", "--help"},
                                                                                     {"analyze", "--help"},
                                                                                     {"case-study", "--help"},
                                                                                     {"doctor", "--help"}}) {
    const Ended help = place.host(words);
    CHECK(help.exit_code == 0);
    CHECK(contains(help.out, "Usage: "));
    CHECK(help.err.empty());
  }
}

TEST_CASE("a misspelt name is refused with the nearest one", "[host]") {
  fails({"evla"}, 2, "did you mean \"eval\"?");
  fails({"--env", "webshop", "--iteratoins", "3"}, 2, "unknown flag \"--iteratoins\"; did you mean \"--iterations\"?");
  fails({"eval", "--env", "webshop", "--polcy=noop"}, 2, "did you mean \"--policy\"?");
  fails({"--env", "webshp"}, 2, "did you mean \"webshop\"?");
  fails({"--env", "webshop", "--scorer", "mcc"}, 2, "did you mean \"mc\"?");
  fails({"--env", "webshop", "--optimizer", "irp"}, 2, "did you mean \"ipr\"?");
  fails({"--env", "webshop", "--set", "env.world_sise=tiny"}, 2, "did you mean \"world_size\"?");
  fails({"--env", "gridworld", "--set", "train.batch_size=3"}, 2, "did you mean \"batch\"?");
  fails({"--env", "webshop", "--set", "webshp.world_size=tiny"}, 2, "did you mean \"webshop\"?");
  fails({"--env", "webshop", "--profile", "papr"}, 2, "did you mean \"paper\"?");
  fails({"eval", "--env", "gridworld", "--policy", "expret"}, 2, "did you mean \"expert\"?");
  fails({"eval", "--env", "gridworld", "--policy", "noop", "--split", "tst"}, 2, "did you mean \"test\"?");
}

TEST_CASE("a value that makes no sense is refused before anything starts", "[host]") {
  fails({"--env", "gridworld", "--iterations", "0"}, 2, "--iterations 0");
  fails({"--env", "gridworld", "--iterations", "some"}, 2, "--iterations");
  fails({"--env", "gridworld", "--samples", "0"}, 2, "--samples 0");
  fails({"--env", "gridworld", "--limit", "-3"}, 2, "--limit -3");
  fails({"--env", "gridworld", "--threads", "-1"}, 2, "--threads -1");
  fails({"--env", "gridworld", "--model-threads", "0"}, 2, "--model-threads 0");
  fails({"--env", "gridworld", "--device", "tpu"}, 2, "\"tpu\"");
  fails({"--env", "gridworld", "--preset", "qick"}, 2, "qick");
  fails({"--env", "gridworld", "--set", "noequals"}, 2, "KEY=VALUE");
  fails({"--env", "gridworld", "--set", "env.detours=much"}, 2, "expected number");
  fails({"--env", "gridworld", "--set", "env.detours=7"}, 2, "above the maximum");
  fails({"--env", "webshop", "--set", "env.world_size=huge"}, 2, "[\"normal\",\"tiny\"]");
  fails({"run"}, 2, "--env");
  fails({"plugin", "lits"}, 2, "unknown command \"plugin lits\"; did you mean \"list\"?");
  fails({"plugin"}, 2, "plugin needs one of list, describe, check");
  fails({"run", "--env", "gridworld", "--seed", "-1"}, 2, "give a whole number, 0 or more");
  fails({"eval", "--env", "gridworld"}, 2, "--policy");
  fails({"eval", "--env", "gridworld", "--policy", "noop", "--repeats", "0"}, 2, "--repeats 0");
}

TEST_CASE("an analysis that cannot be made is refused in one line", "[host][analyze]") {
  fails({"analyze"}, 2, "RUN");
  fails({"analyze", "efficiency"}, 2, "no run");
  fails({"analyze", "nowhere"}, 2, "unknown analysis \"nowhere\"");
  fails({"analyze", "nowhere", "efficency"}, 2, "did you mean \"efficiency\"?");
  fails({"analyze", "nowhere", "efficiency"}, 3, "nowhere: is no run folder");
  fails({"analyze", "nowhere", "cost", "--tau", "0.1"}, 2, "--tau says nothing to cost");
  fails({"analyze", "nowhere", "step-accuracy", "--tau", "-1"}, 2, "--tau");
  fails({"analyze", "nowhere", "case-study"}, 2, "RUN_A RUN_B case-study");
  fails({"case-study", "nowhere"}, 2, "RUN_B");
  fails({"case-study", "nowhere", "nowhere"}, 3, "nowhere: is no run folder");
  fails({"case-study", "nowhere", "nowhere", "--limit", "0"}, 2, "--limit 0");
}

TEST_CASE("data that is missing or wrong is named with file, line and column", "[host]") {
  fails({"--env", "webshop", "--data", "/no/such/folder"}, 3, "--data /no/such/folder");
  fails({"replay", "--env", "webshop", "--data", "/no/such/folder"}, 3, "--data /no/such/folder");
  const Workplace place;
  call_fails(place.call({"--env", "webshop", "--data", place.path()}), 3,
             "environment \"webshop\"");  // a folder, but of nothing
  const std::string shop = shared_file("data/webshop");
  if (shop.empty()) return;
  const fs::path copy = place.file("shop");
  fs::create_directory(copy);
  for (const char* name : {"items_shuffle_1000.json", "items_ins_v2_1000.json", "items_human_ins_1000.json"})
    fs::copy_file(fs::path(shop) / name, copy / name);
  fs::remove(copy / "items_ins_v2_1000.json");
  REQUIRE(write_file((copy / "items_ins_v2_1000.json").string(), "{\"B09\": {\"a\": 1,\n  \"b\": }\n").ok());
  call_fails(place.call({"--env", "webshop", "--data", copy.string()}), 3, "items_ins_v2_1000.json: line 2, column 8");
  call_fails(place.call({"eval", "--env", "webshop", "--policy", "noop", "--data", copy.string()}), 3,
             "line 2, column 8");
}

TEST_CASE("an environment without an expert cannot show one", "[host]") {
#ifdef IPR_NO_EXPERT
  fails({"eval", "--env", "no-expert", "--policy", "expert", "--plugin-path", IPR_NO_EXPERT}, 3, "has no expert");
#endif
}

TEST_CASE("a config file with a slip is refused with its place", "[host]") {
  const Workplace place;
  call_fails(place.call({"--env", "gridworld", "--config", "none.json"}), 2, "none.json");
  REQUIRE(write_file(place.file("slip.json"), "{\"iteratoins\": 2}").ok());
  call_fails(place.call({"--env", "gridworld", "--config", "slip.json"}), 2, "did you mean \"iterations\"?");
  REQUIRE(write_file(place.file("broken.json"), "{\"iterations\": 2,\n \"seed\" 3}").ok());
  call_fails(place.call({"--env", "gridworld", "--config", "broken.json"}), 2, "broken.json: line 2, column");
  REQUIRE(write_file(place.file("list.json"), "[1]").ok());
  call_fails(place.call({"--env", "gridworld", "--config", "list.json"}), 2, "list.json");
}

TEST_CASE("trivial agents play without a model", "[host]") {
  const Workplace place;
  std::map<std::string, double> mean;
  for (const char* policy : {"expert", "random", "first", "noop"}) {
    const Ended ended = place.host({"eval", "--env", "gridworld", "--policy", policy, "--limit", "12", "--json"});
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    const Json row = Json::parse(ended.out).at("rows").at(0);
    CHECK(row.at("policy") == policy);
    CHECK(row.at("env") == "gridworld");
    CHECK(row.at("n") == Json(12));
    mean[policy] = row.at("mean");
  }
  CHECK(mean.at("expert") > 0.7);
  CHECK(mean.at("expert") > mean.at("random"));
  CHECK(mean.at("noop") == 0);
  const Ended shop =
      place.host({"eval", "--env", "webshop", "--set", "env.world_size=tiny", "--policy", "expert", "--json"});
  REQUIRE(shop.exit_code == 0);
  CHECK(Json::parse(shop.out).at("rows").at(0).at("extra").at("bought") == Json(1.0));
  const Ended table = place.host({"eval", "--env", "gridworld", "--policy", "expert", "--limit", "3"});
  CHECK(contains(table.out, "expert"));
  CHECK_FALSE(contains(table.out, "\x1b["));  // no color into a pipe
}

TEST_CASE("plugin describe tells an environment's splits, actions and longest expert", "[host]") {
  const Workplace place;
  const Ended ended = place.host({"plugin", "describe", "gridworld", "--json"});
  REQUIRE(ended.exit_code == 0);
  const Json answer = Json::parse(ended.out);
  CHECK(answer.at("schema").at("properties").contains("detours"));
  const Json& environment = answer.at("environment");
  CHECK(environment.at("splits").size() == 3);
  CHECK(environment.at("splits").at(0).at("role") == "train");
  CHECK(environment.at("splits").at(0).at("longest_expert").get<int>() >= 2);
  CHECK(environment.at("fork") == Json(true));
  CHECK(environment.at("actions").at("listed") == Json(true));
  CHECK(place.host({"plugin", "describe", "mc"}).exit_code == 0);
}

TEST_CASE("plugin describe tells what an optimizer trains with, and its profiles", "[host]") {
  const Ended ended = Workplace().host({"plugin", "describe", "rft", "--json"});
  REQUIRE(ended.exit_code == 0);
  CHECK(Json::parse(ended.out).at("training").contains("lr"));
  const Ended text = Workplace().host({"plugin", "describe", "rft"});
  CHECK(contains(text.out, "training (--set train.KEY)"));
  CHECK(contains(text.out, "profiles"));
}

TEST_CASE("what cannot be printed is an error, and a reader that has had enough is none", "[host][faults]") {
  const Workplace place;
  const auto through = [&](const std::string& output) {
    Call call = place.call({"-c", std::string(IPR_HOST_PROGRAM) + " plugin list " + output});
    call.program = "/bin/sh";
    return run_program(call);
  };
  const Ended full = through("> /dev/full");
  CHECK(full.exit_code == 1);
  REQUIRE(full.error_lines().size() == 1);
  CHECK(contains(full.error_lines()[0], "standard output: cannot write"));
  const Ended enough = through("| true");
  CHECK(enough.exit_code == 0);
  CHECK(enough.err.empty());
}
