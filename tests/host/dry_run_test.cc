// `run --dry-run` on the small run: what it says before, beside what happened.
#include <filesystem>

#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;

TEST_CASE("a dry run says what will happen and starts nothing", "[host][run][dry-run]") {
  const SmallRun& run = small_run();
  const Workplace place;
  std::vector<std::string> words = small_run_words("planned");
  words.insert(words.end(), {"--dry-run", "--json"});
  const Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(place.file("planned")));
  const Json plan = Json::parse(ended.out);
  CHECK(plan.at("config") == load_json(run.folder() + "/config.json").at("config"));
  const Json& estimate = plan.at("estimate");
  CHECK(estimate.at("counted").at("train_tasks") == 8);
  for (const auto& [rate, value] : estimate.at("measured").items()) {
    INFO(rate);
    // What a further position costs is the difference of two timings: none is seen where the machine is busy.
    if (rate == "attention_seconds_per_position")
      CHECK(value.get<double>() >= 0);
    else
      CHECK(value.get<double>() > 0);
  }
  const Json& expected = estimate.at("expected");
  CHECK(expected.at("seconds").get<double>() > 0);
  CHECK(expected.at("memory_bytes").get<double>() > 1e8);
  CHECK(expected.at("stages").size() == 5);
  words.pop_back();
  const Ended text = place.host(words);
  CHECK(text.exit_code == 0);
  for (const char* word : {"counted", "measured", "assumed", "expected", "SFT", "evaluate"}) {
    INFO(word);
    CHECK(contains(text.out, word));
  }
}

TEST_CASE("a dry run counts the rollouts that the scorer expects", "[host][run][dry-run]") {
  const Workplace place;
  const auto rollouts = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"--env", "gridworld", "--preset", "quick", "--limit", "8", "--dry-run", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = place.host(words);
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    return Json::parse(ended.out).at("estimate").at("expected").at("mc_rollouts").get<double>();
  };
  const double ten = rollouts({"--scorer", "mc", "--samples", "10"});
  CHECK(ten > 0);
  CHECK(rollouts({"--scorer", "mc", "--set", "scorer.adaptive=true"}) == ten);  // half of 20
  CHECK(rollouts({"--scorer", "coin"}) == 0);
}

TEST_CASE("a dry run refuses what a run refuses", "[host][run][dry-run]") {
  const Workplace place;
  const auto refused = [&](const std::vector<std::string>& slip, const std::string& part) {
    std::vector<std::string> words = small_run_words("planned");
    words.insert(words.end(), slip.begin(), slip.end());
    const Ended ran = place.host(words);
    words.emplace_back("--dry-run");
    const Ended planned = place.host(words);
    for (const Ended& ended : {ran, planned}) {
      INFO(ended.err);
      CHECK(ended.exit_code == 2);
      CHECK(contains(ended.err, part));
    }
  };
  refused({"--optimizer", "reward-mse"}, "use `ipr-host train-scorer`");
  refused({"--set", "optimizer.train.reference=none"}, "its loss compares with a reference");
}
