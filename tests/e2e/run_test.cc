// Whole runs of the built program, from the command line to the certificate.
#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

Words together(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// A run of a few tasks on the tiny shop, and one on the grid world.
Words shop(const std::string& out) {
  return {"--env",   "webshop", "--scorer",  "mc", "--preset", "quick", "--set", "env.world_size=tiny",
          "--limit", "5",       "--samples", "2",  "--out",    out};
}
Words grid(const std::string& out) {
  return {"--env", "gridworld", "--scorer", "mc", "--preset", "quick", "--limit", "16", "--samples", "2", "--out", out};
}

void runs(const Workplace& place, const Words& words) {
  const Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE_FALSE(ended.timed_out);
  REQUIRE(ended.exit_code == 0);
  CHECK(contains(ended.out, "Monte Carlo cost"));
}

Json certificate(const Workplace& place, const std::string& out) {
  return load_json(place.file(out + "/certificate.json"));
}

// The rows of a query, each as its columns' texts.
std::vector<std::vector<std::string>> rows(const std::string& database, const std::string& query) {
  sqlite3* opened = nullptr;
  REQUIRE(sqlite3_open_v2(database.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(opened, sqlite3_close);
  std::vector<std::vector<std::string>> found;
  const auto take = [](void* into, int columns, char** values, char**) {
    std::vector<std::string> row;
    for (int i = 0; i < columns; ++i) row.emplace_back(values[i] == nullptr ? "null" : values[i]);
    static_cast<std::vector<std::vector<std::string>>*>(into)->push_back(std::move(row));
    return 0;
  };
  REQUIRE(sqlite3_exec(opened, query.c_str(), take, &found, nullptr) == SQLITE_OK);
  return found;
}
long count(const Workplace& place, const std::string& out, const std::string& what) {
  return std::stol(rows(place.file(out + "/run.db"), "SELECT COUNT(*) FROM " + what).at(0).at(0));
}

}  // namespace

TEST_CASE("the tiny run goes from the expert to the table", "[e2e]") {
  const Workplace place;
  runs(place, {"--env", "webshop", "--scorer", "mc", "--preset", "quick", "--set", "env.world_size=tiny", "--limit",
               "8", "--samples", "2", "--out", "run"});
  for (const char* stage : {"expert", "explore", "mc", "eval"}) {
    INFO(stage);
    CHECK(count(place, "run", std::string("episode WHERE stage = '") + stage + "'") > 0);
  }
  CHECK(count(place, "run", "turn") > 100);
  CHECK(count(place, "run", "step_score") > 0);
  CHECK(count(place, "run", "pair WHERE kind = 'outcome'") > 0);
  CHECK(count(place, "run", "metric WHERE stage = 'sft' AND name = 'loss'") > 0);
  CHECK(count(place, "run", "metric WHERE stage = 'train' AND name = 'loss'") > 0);
  CHECK(count(place, "run", "metric WHERE stage = 'pairs' AND name = 'd_t'") == 1);
  CHECK(count(place, "run", "episode WHERE exit_status IN ('env_error', 'policy_error', 'timeout')") == 0);
  CHECK(count(place, "run", "cost WHERE tokens_padding <> 0") == 0);
  // Every turn of the agent keeps the ids that were sampled.
  CHECK(count(place, "run", "turn WHERE length(token_ids) = 0 AND message <> ''") == 0);
  const Ended inspected = place.host({"model", "inspect", "run/checkpoints/iter-1", "--json"});
  CHECK(inspected.exit_code == 0);
  CHECK(Json::parse(inspected.out).at("sha256") ==
        certificate(place, "run").at("checkpoints").at("checkpoints/iter-1"));
  CHECK(certificate(place, "run").at("results").get<std::string>().size() == 64);
}

TEST_CASE("the number of threads changes no result", "[e2e]") {
  const Workplace place;
  runs(place, together(shop("one"), {"--threads", "1"}));
  runs(place, together(shop("four"), {"--threads", "4"}));
  CHECK(certificate(place, "one").at("results") == certificate(place, "four").at("results"));
}

TEST_CASE("another seed gives other results", "[e2e]") {
  const Workplace place;
  runs(place, together(grid("a"), {"--seed", "1"}));
  runs(place, together(grid("b"), {"--seed", "2"}));
  CHECK(certificate(place, "a").at("results") != certificate(place, "b").at("results"));
}

TEST_CASE("scoring lazily finds the same pairs with no more rollouts", "[e2e]") {
  const Workplace place;
  runs(place, grid("lazy"));
  runs(place, together(grid("eager"), {"--set", "optimizer.lazy=false"}));
  const std::string pairs =
      "SELECT iteration, kind, task_id, turn, winner_end, loser_end, outcome_gap, expert_won FROM pair ORDER BY 1, 2, "
      "3, 4, 5, 6, 7, 8";
  const auto lazy = rows(place.file("lazy/run.db"), pairs);
  CHECK_FALSE(lazy.empty());
  CHECK(lazy == rows(place.file("eager/run.db"), pairs));
  CHECK(count(place, "lazy", "episode WHERE stage = 'mc'") <= count(place, "eager", "episode WHERE stage = 'mc'"));
  CHECK(certificate(place, "lazy").at("results") == certificate(place, "eager").at("results"));
}

TEST_CASE("the paper's profile and the released code's run to their ends", "[e2e]") {
  const Workplace place;
  runs(place, together(grid("paper"), {"--profile", "paper"}));
  runs(place, together(grid("released"), {"--profile", "released"}));
  const Json config = load_json(place.file("paper/config.json"));
  CHECK(config.at("origin").at("ipr.kappa") == "profile paper");
  CHECK(config.at("config").at("optimizer").at("settings").at("pairs_from") == "start");
}

TEST_CASE("the optimizers of outcomes alone run to their ends on the shop and the grid world", "[e2e]") {
  const Workplace place;
  for (const std::string optimizer : {"eto", "rft"}) {
    INFO(optimizer);
    runs(place, together(shop("shop-" + optimizer), {"--optimizer", optimizer}));
    runs(place, together(grid("grid-" + optimizer), {"--optimizer", optimizer}));
    CHECK(count(place, "grid-" + optimizer, "episode WHERE stage = 'mc'") == 0);
    CHECK(fs::exists(place.file("grid-" + optimizer + "/checkpoints/iter-1")));
  }
  CHECK(count(place, "grid-eto", "pair WHERE kind = 'outcome'") > 0);
  CHECK(count(place, "grid-eto", "pair WHERE kind = 'step'") == 0);
  CHECK(count(place, "grid-rft", "pair") == 0);
  CHECK(count(place, "grid-rft", "episode WHERE stage = 'explore'") == 16 * 5);
}

TEST_CASE("the policy gradients train on several attempts of the policy at each task", "[e2e]") {
  const Workplace place;
  const std::vector<std::pair<std::string, long>> attempts = {{"gigpo", 8 * 8}, {"ppo", 8 * 4}, {"step-ppo", 8 * 4}};
  for (const auto& [optimizer, explored] : attempts) {
    INFO(optimizer);
    // With so many steps of SFT some attempts succeed and some fail.
    runs(place, {"--env", "gridworld", "--scorer", "mc", "--preset", "quick", "--limit", "8", "--samples", "2", "--set",
                 "sft.train.steps=120", "--optimizer", optimizer, "--out", optimizer});
    CHECK(count(place, optimizer, "episode WHERE stage = 'explore'") == explored);
    CHECK((count(place, optimizer, "episode WHERE stage = 'mc'") > 0) == (optimizer == "step-ppo"));
    CHECK(count(place, optimizer, "metric WHERE stage = 'pairs' AND name = 'trained' AND value > 0") == 1);
    CHECK(count(place, optimizer, "metric WHERE stage = 'train' AND name = 'surrogate'") > 0);
    CHECK(count(place, optimizer, "pair") == 0);
  }
}

TEST_CASE("eto is ipr without step pairs, but for the anchors that each draws", "[e2e]") {
  const Workplace place;
  runs(place, together(grid("eto"), {"--optimizer", "eto", "--set", "eto.anchor_weight=0"}));
  runs(place, together(grid("ipr"), {"--set", "ipr.step_weight=0", "--set", "ipr.anchor_weight=0"}));
  CHECK(count(place, "eto", "pair") > 0);
  CHECK(certificate(place, "eto").at("results") == certificate(place, "ipr").at("results"));
}

TEST_CASE("a run can start from a checkpoint of another", "[e2e]") {
  const Workplace place;
  runs(place, grid("first"));
  runs(place, together(grid("second"), {"--model", "first/checkpoints/iter-0", "--set", "train.lr=1e-4", "--set",
                                        "sft.train.lr=1e-4", "--set", "ipr.max_new_tokens=32"}));
  CHECK(load_json(place.file("second/config.json")).at("config").at("model") == "first/checkpoints/iter-0");
}
