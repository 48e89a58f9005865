// What training does to a policy on the grid world: no worse where the method is right, ruin where its loss is turned
// around.
#include <sqlite3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;

namespace {

using Words = std::vector<std::string>;

void runs(const Workplace& place, const std::string& out, const Words& more) {
  Words words = {"--env", "gridworld", "--scorer", "mc", "--iterations", "1", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  const Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE_FALSE(ended.timed_out);
  REQUIRE(ended.exit_code == 0);
}

// Mean outcome over all held-out tasks, dev and test, of the policy after an iteration.
double held_out_reward(const Workplace& place, const std::string& out, int iteration) {
  sqlite3* opened = nullptr;
  REQUIRE(sqlite3_open_v2(place.file(out + "/run.db").c_str(), &opened, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(opened, sqlite3_close);
  double mean = -1;
  const auto take = [](void* into, int, char** values, char**) {
    *static_cast<double*>(into) = values[0] == nullptr ? -1 : std::stod(values[0]);
    return 0;
  };
  const std::string query =
      "SELECT AVG(outcome) FROM episode WHERE stage = 'eval' AND iteration = " + std::to_string(iteration);
  REQUIRE(sqlite3_exec(opened, query.c_str(), take, &mean, nullptr) == SQLITE_OK);
  return mean;
}

// 178 held-out tasks: a difference of two policies that are equally good has a standard deviation of about 0.035.
constexpr double kNoise = 0.12, kHarm = 0.07;

// What the test of every optimizer starts from: an SFT model of the grid world, in the run "sft" of its `ipr`, whose
// steps are all scored.
struct Start {
  Workplace place;
  double reward = 0;
};
const Start& start() {
  static const Start* const made = [] {
    static Start once;
    runs(once.place, "sft", {"--optimizer", "ipr", "--set", "ipr.lazy=false"});
    once.reward = held_out_reward(once.place, "sft", 0);
    return &once;
  }();
  return *made;
}

// Of an optimizer's first iteration, with its loss as it is or turned around.
double reward_after(const std::string& optimizer, bool flipped, const Words& more = {}) {
  const std::string out = optimizer + (flipped ? "-flipped" : "");
  Words words = {"--optimizer", optimizer, "--start-from", "sft"};
  if (flipped) words.insert(words.end(), {"--plugin-path", IPR_FLIPPED_PLUGINS});
  words.insert(words.end(), more.begin(), more.end());
  runs(start().place, out, words);
  CHECK(held_out_reward(start().place, out, 0) == start().reward);
  return held_out_reward(start().place, out, 1);
}

}  // namespace

TEST_CASE("SFT learns to walk, and with its loss turned around does not", "[e2e]") {
  CHECK(start().reward > 0.3);
  runs(start().place, "sft-flipped",
       {"--optimizer", "eto", "--plugin-path", IPR_FLIPPED_PLUGINS, "--set", "sft.train.epochs=1"});
  CHECK(held_out_reward(start().place, "sft-flipped", 0) < 0.1);
}

TEST_CASE("every optimizer holds what the SFT agent can, and with its loss turned around loses it", "[e2e]") {
  CHECK(held_out_reward(start().place, "sft", 1) > start().reward - kNoise);
  CHECK(reward_after("ipr", true) < start().reward - kHarm);
  const std::vector<std::pair<std::string, Words>> others = {{"eto", {}},
                                                             {"gigpo", {}},
                                                             {"ppo", {}},
                                                             {"step-ppo", {"--samples", "2"}},
                                                             {"rft", {"--set", "rft.tasks_per_iteration=40"}}};
  for (const auto& [optimizer, more] : others) {
    INFO(optimizer);
    CHECK(reward_after(optimizer, false, more) > start().reward - kNoise);
    CHECK(reward_after(optimizer, true, more) < start().reward - kHarm);
  }
}

TEST_CASE("a reward model orders the actions of a state better than chance, and flipped foretells worse than the mean",
          "[e2e]") {
  const Workplace& place = start().place;
  REQUIRE(place.host({"export", "sft", "--format", "steps", "--out", "steps.jsonl"}).exit_code == 0);
  for (const bool flipped : {false, true}) {
    Words words = {"train-scorer", "--scorer", "reward-model", "--data",
                   "steps.jsonl",  "--json",   "--model",      "sft/checkpoints/iter-0",
                   "--held-out",   "0.3",      "--out",        flipped ? "worse" : "better"};
    words.insert(words.end(),
                 {"--set", flipped ? "train.epochs=1" : "train.epochs=5"});  // few steps, soon known by heart
    if (flipped) words.insert(words.end(), {"--plugin-path", IPR_FLIPPED_PLUGINS});
    const Ended ended = place.host(words);
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    const Json measured = Json::parse(ended.out).at("held_out");
    const double mse = measured.at("mse"), of_mean = measured.at("mse_of_constant");
    if (flipped) {
      CHECK(mse > 1.5 * of_mean);
    } else {
      CHECK(mse < 1.1 * of_mean);  // labels of few rollouts on tasks not seen: little is left to foretell
      CHECK(measured.at("pair_order").get<double>() > 0.6);
    }
  }
}
