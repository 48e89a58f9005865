// `analyze` and `case-study` on a finished run.
#include <pugixml.hpp>

#include "core/base/files.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;

namespace {

std::vector<Json> rows_of(const Workplace& place, std::vector<std::string> words) {
  words.emplace_back("--json");
  const Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  return json_lines(ended.out);
}

}  // namespace

TEST_CASE("analyze answers for every policy of a run, as table, JSON and plot", "[host][analyze]") {
  const Workplace place;
  const std::string run = small_run().folder();
  const std::vector<Json> rows = rows_of(place, {"analyze", run, "efficiency", "--svg", "plot.svg"});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("run") == "small");
  CHECK(rows[0].at("policy") == "sft");
  CHECK(rows[1].at("policy") == "iter-1");
  for (const Json& row : rows) CHECK(row.at("episodes") == 8);
  pugi::xml_document plot;
  CHECK(plot.load_file(place.file("plot.svg").c_str()));
  const Ended table = place.host({"analyze", run, "efficiency"});
  CHECK(table.exit_code == 0);
  CHECK(contains(table.out, "turns to success"));
}

TEST_CASE("what a run costs and how it scores is analyzed from its record", "[host][analyze]") {
  const Workplace place;
  const std::string run = small_run().folder();
  std::int64_t rollouts = 0;
  for (const Json& row : rows_of(place, {"analyze", run, "cost"})) {
    if (row.at("stage") == "mc") rollouts = row.at("rollouts");
  }
  CHECK(rollouts > 0);
  CHECK(rows_of(place, {"analyze", run, "step-reward"}).at(0).at("samples") == 1);
  CHECK(rows_of(place, {"analyze", run, "step-accuracy", "--tau", "0"}).at(0).at("tau") == 0.0);
  const Ended split = place.host({"analyze", run, "efficiency", "--split", "tst"});
  CHECK(split.exit_code == 2);
  CHECK(contains(split.err, "did you mean \"test\"?"));
}

TEST_CASE("case-study compares two policies of one run, by either command", "[host][analyze]") {
  const Workplace place;
  const std::string run = small_run().folder();
  const std::vector<Json> cases = rows_of(place, {"case-study", run, run, "--policy-a", "sft", "--limit", "2"});
  REQUIRE(cases.size() == 2);
  CHECK(cases[0].at("a").at("policy") == "sft");
  CHECK(rows_of(place, {"analyze", run, run, "case-study"}).size() == 3);
  const Ended one = place.host({"case-study", run, run, "--task", cases[1].at("task").get<std::string>()});
  CHECK(one.exit_code == 0);
  CHECK(contains(one.out, "1 of 1 tasks"));
}

TEST_CASE("ablation puts runs that differ in a setting below each other", "[host][analyze]") {
  const Workplace place;
  std::vector<std::string> words = small_run_words("without");
  words.insert(words.end(), {"--set", "ipr.step_weight=0"});
  const Ended ran = place.host(words);
  INFO(ran.err);
  REQUIRE(ran.exit_code == 0);
  const std::vector<Json> rows =
      rows_of(place, {"analyze", small_run().folder(), "without", "ablation", "--svg", "plot.svg"});
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].at("run") == "ipr.step_weight=1");
  CHECK(rows[1].at("policy") == "iter-1");
  CHECK(rows[3].at("run") == "ipr.step_weight=0");
  CHECK(rows[5].at("policy") == "chosen");
  CHECK(rows[3].at("mean") == rows[0].at("mean"));  // the SFT model has no part in the difference
  pugi::xml_document plot;
  CHECK(plot.load_file(place.file("plot.svg").c_str()));
  const Ended twice = place.host({"analyze", "without", "without", "ablation"});
  CHECK(twice.exit_code == 2);
  CHECK(contains(twice.err, "give it once"));
}

TEST_CASE("whole trajectories scored by one frozen scorer are analyzed from files", "[host][analyze]") {
  const Workplace place;
  const std::string run = small_run().folder(), scorer = run + "/checkpoints/iter-0";
  for (const std::string policy : {"sft", "iter-1"}) {
    REQUIRE(
        place.host({"export", run, "--format", "sharegpt", "--policy", policy, "--split", "test", "--out", "t.jsonl"})
            .exit_code == 0);
    const Ended scored = place.host(
        {"score", "--env", "gridworld", "--scorer", "mc", "--samples", "1", "--policy", scorer, "--data", "t.jsonl"});
    INFO(scored.err);
    REQUIRE(scored.exit_code == 0);
    REQUIRE(write_file(place.file(policy + ".jsonl"), scored.out).ok());
  }
  const std::vector<Json> rows = rows_of(place, {"analyze", "sft.jsonl", "iter-1.jsonl", "step-reward"});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("run") == "sft");
  CHECK(rows[0].at("env") == "gridworld");
  CHECK(rows[0].at("tasks") == 8);
  CHECK(rows[0].at("config_hash") == rows[1].at("config_hash"));
  CHECK(rows_of(place, {"analyze", "sft.jsonl", "step-accuracy"}).at(0).at("scored_with") == scorer);
  const Ended wrong = place.host({"analyze", "sft.jsonl", "efficiency"});
  CHECK(wrong.exit_code == 2);
  CHECK(contains(wrong.err, "give run folders"));
}

TEST_CASE("efficiency says its families where it is asked to", "[host][analyze]") {
  const Workplace place;
  const std::string run = small_run().folder();
  const std::vector<Json> rows = rows_of(place, {"analyze", run, "efficiency", "--by-family"});
  REQUIRE(rows.size() >= 2);
  CHECK(rows[0].at("model") == "mini");
  for (const Json& row : rows) CHECK(row.contains("family"));  // "" where an environment tells none
  CHECK(place.host({"analyze", run, "cost", "--by-family"}).exit_code == 2);
}
