// Files of `score` in the analyses of step rewards.
#include "core/base/files.h"
#include "core/report/analysis.h"
#include "core/report/scored_steps.h"
#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;

namespace {

Json step(const std::string& action, double mean, double progress, std::int64_t n = 5) {
  return {{"action", action}, {"mean", mean}, {"progress", progress}, {"n", n}};
}

Json line(const std::string& task, const Json& steps, const Json& scorer) {
  return {{"id", task},     {"env", "shop"},  {"split", "test"}, {"cluster", ""},
          {"outcome", 1.0}, {"steps", steps}, {"scorer", scorer}};
}

const Json kEarly = {{"id", "mc"}, {"config_hash", "x"}, {"policy", "early"}, {"policy_sha256", "1"}, {"seed", 1}},
           kLate = {{"id", "mc"}, {"config_hash", "x"}, {"policy", "late"}, {"policy_sha256", "2"}, {"seed", 1}};

struct Files {
  test::TempFolder folder;
  std::string write(const std::string& name, const std::vector<Json>& lines) {
    std::string text;
    for (const Json& one : lines) text += one.dump() + "\n";
    must(write_file(folder.file(name), text));
    return folder.file(name);
  }
};

AnalysisOptions with(const std::vector<std::string>& files) {
  AnalysisOptions options;
  options.scored_files = files;
  return options;
}

}  // namespace

TEST_CASE("trajectories of a task in a file are rivals where their actions first differ", "[report][scored-file]") {
  Files files;
  const Json expert = {step("a", 0.9, 0.1), step("b", 1.0, 0.5), step("c", 1.0, 1.0, 0)};
  const std::string early = files.write(
      "early.jsonl", {line("1", expert, kEarly), line("1", {step("a", 0.9, 0.1), step("x", 0.1, 0.2)}, kEarly),
                      line("2", Json::array({step("x", 0.1, 0.9)}), kEarly)});
  const std::string late =
      files.write("late.jsonl", {line("1", expert, kLate), line("1", Json::array({step("y", 0.2, 0.9)}), kLate)});
  const auto found = analyze_step_accuracy({}, with({early, late}));
  must(found.status());
  REQUIRE(found->rows.size() == 2);
  CHECK(found->rows[0].at("run") == "early");
  CHECK(found->rows[0].at("env") == "shop");
  CHECK(found->rows[0].at("scored_with") == "early");
  CHECK(found->rows[0].at("samples") == 5);
  CHECK(found->rows[0].at("pairs") == 1);  // b against x
  CHECK(found->rows[0].at("share") == 1.0);
  CHECK(found->rows[1].at("pairs") == 1);  // a against y, which progress puts the other way round
  CHECK(found->rows[1].at("share") == 0.0);
  // Checkpoints with one N: a bar each.
  CHECK(std::get<BarPlot>(found->plot).labels == std::vector<std::string>{"early", "late"});
}

TEST_CASE("step-reward of a file is over all its steps, and says where scorers differ", "[report][scored-file]") {
  Files files;
  const std::string sft = files.write("sft.jsonl", {line("1", {step("a", 0.2, 0), step("b", 0.4, 0)}, kEarly)});
  const std::string ipr = files.write("ipr.jsonl", {line("1", {step("a", 0.6, 0), step("b", 1.0, 0, 0)}, kEarly)});
  const auto found = analyze_step_reward({}, with({sft, ipr}));
  must(found.status());
  REQUIRE(found->rows.size() == 2);
  CHECK(found->rows[0].at("mean").get<double>() == Approx(0.3));
  CHECK(found->rows[1].at("mean").get<double>() == Approx(0.8));
  CHECK(found->rows[1].at("outcomes") == 1);
  CHECK(found->rows[0].at("config_hash") == found->rows[1].at("config_hash"));
  CHECK(found->notes.empty());
  const std::string other = files.write("other.jsonl", {line("1", Json::array({step("a", 0.6, 0)}), kLate)});
  const auto mixed = analyze_step_reward({}, with({sft, other}));
  must(mixed.status());
  REQUIRE(mixed->notes.size() == 1);
  CHECK(mixed->notes[0].find("not by one frozen scorer") != std::string::npos);
}

TEST_CASE("a file that is not score's, or of two scorers, is refused with its line", "[report][scored-file]") {
  Files files;
  const std::string two = files.write("two.jsonl", {line("1", Json::array({step("a", 1, 0)}), kEarly),
                                                    line("2", Json::array({step("a", 1, 0)}), kLate)});
  const auto mixed = read_scored_file(two);
  CHECK(mixed.status().code() == Code::kData);
  CHECK(mixed.status().message().find("line 2") != std::string::npos);
  const auto foreign = read_scored_file(files.write("foreign.jsonl", {{{"id", "1"}}}));
  CHECK(foreign.status().message().find("line 1: is no line of `ipr-host score`") != std::string::npos);
  CHECK(read_scored_file(files.write("empty.jsonl", {})).status().code() == Code::kData);
}
