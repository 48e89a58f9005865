// `--policy plugin:ID`: a policy plugin as the agent, and step rewards beside the exact values under it.
#include <cmath>

#include "tests/support/catch.h"
#include "tests/support/program.h"
#include "tests/support/succeeds.h"

using namespace ipr;
using namespace ipr::test;

namespace {

const std::string kTable = "plugin:gridworld-tabular";

// The steps of every expert of the train split, sampled `samples` times and computed.
std::vector<Json> scored(const Workplace& place, const std::string& samples) {
  succeeds(place, {"collect", "--env", "gridworld", "--policy", "expert", "--out", "experts.jsonl"});
  return json_lines(succeeds(place, {"score", "--env", "gridworld", "--scorer", "mc", "--policy", kTable, "--data",
                                     "experts.jsonl", "--exact", "--samples", samples})
                        .out);
}

}  // namespace

TEST_CASE("eval plays a policy plugin, the same way each time, and its settings count", "[host][policy]") {
  const Workplace place;
  const std::vector<std::string> words = {"eval",   "--env", "gridworld",      "--policy",      kTable,
                                          "--json", "--set", "policy.slips=0", "--temperature", "1"};
  const std::string first = succeeds(place, words).out;
  CHECK(first == succeeds(place, words).out);
  const Json row = Json::parse(first).at("rows").at(0);
  CHECK(row.at("policy") == kTable);
  const Ended blind = succeeds(place, {"eval", "--env", "gridworld", "--policy", kTable, "--json", "--set",
                                       "gridworld-tabular.slips=1", "--temperature", "1"});
  CHECK(Json::parse(blind.out).at("rows").at(0).at("mean").get<double>() < row.at("mean").get<double>());
}

TEST_CASE("a policy plugin that is not there, or a setting that it has not, is one clear error", "[host][policy]") {
  const Workplace place;
  const auto refused = [&place](const std::vector<std::string>& words, const std::string& why) {
    const Ended ended = place.host(words);
    INFO(ended.err);
    CHECK(ended.exit_code == 2);
    CHECK(ended.error_lines().size() == 1);
    CHECK(contains(ended.err, why));
  };
  refused({"eval", "--env", "gridworld", "--policy", "plugin:gridworld-tabula"}, "unknown policy");
  refused({"eval", "--env", "gridworld", "--policy", kTable, "--set", "policy.slip=1"}, "did you mean \"slips\"?");
  refused({"eval", "--env", "gridworld", "--policy", "noop", "--set", "policy.slips=1"}, "no plugin of this command");
}

TEST_CASE("step rewards by rollouts come to the exact values as fast as they promise", "[host][policy]") {
  const Workplace place;
  double squares = 0, variances = 0;
  std::size_t sampled = 0, held = 0;
  for (const Json& line : scored(place, "10")) {
    CHECK(line.at("scorer").at("policy") == kTable);
    CHECK(line.at("steps").back().at("exact") == line.at("outcome"));
    for (const Json& step : line.at("steps")) {
      if (step.at("n") == 0) continue;
      const double exact = step.at("exact"), error = step.at("mean").get<double>() - exact;
      squares += error * error;
      variances += std::pow(step.at("standard_error").get<double>(), 2);
      ++sampled;
      if (step.at("interval").at(0) <= exact && exact <= step.at("interval").at(1)) ++held;
    }
  }
  CAPTURE(sampled, held, squares, variances);
  REQUIRE(sampled > 500);
  CHECK(squares == Approx(variances).epsilon(0.15));  // an unbiased estimate with the variance that it says
  CHECK(held > sampled * 93 / 100);
  CHECK(held < sampled * 98 / 100);
}

TEST_CASE("the long form: 2,000 actions, a plugin that plays it, and values of its steps", "[host][policy]") {
  const Workplace place;
  const std::vector<std::string> world = {"--env", "gridworld-long", "--set", "env.length=40"};
  const auto with = [&world](std::vector<std::string> words) {
    words.insert(words.end(), world.begin(), world.end());
    return words;
  };
  succeeds(place, with({"collect", "--policy", "expert", "--limit", "2", "--out", "long.jsonl"}));
  const std::vector<Json> lines =
      json_lines(succeeds(place, with({"score", "--scorer", "mc", "--policy", "plugin:gridworld-long-tabular", "--data",
                                       "long.jsonl", "--exact", "--samples", "2"}))
                     .out);
  REQUIRE(lines.size() == 2);
  for (const Json& line : lines) {
    CHECK(line.at("steps").size() >= 40);
    CHECK(line.at("steps").at(0).at("exact") < line.at("steps").back().at("exact"));
  }
}
