// One agent over several environments, and over some of their task families.
#include <filesystem>
#include <set>

#include "core/base/files.h"
#include "tests/e2e/killed_run.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"
#include "tests/support/succeeds.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

Words both(const Words& more) {
  Words words = {"--env",     "webshop,gridworld",
                 "--scorer",  "mc",
                 "--preset",  "quick",
                 "--set",     "env.world_size=tiny",
                 "--limit",   "8",
                 "--samples", "2",
                 "--set",     "sft.train.epochs=9",
                 "--set",     "optimizer.tasks_per_iteration=6"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Made once, read only.
struct Finished {
  Workplace place;
  Ended ended;
};
const Finished& finished() {
  static const Finished* const made = [] {
    static Finished run;
    run.ended = succeeds(run.place, both({"--out", "run"}));
    return &run;
  }();
  return *made;
}

std::set<std::string> splits_of_rows(const Json& table) {
  std::set<std::string> splits;
  for (const Json& row : table.at("rows")) splits.insert(row.at("split"));
  return splits;
}

// Splits of the episodes of a stage.
std::set<std::string> environments(const std::vector<Json>& lines, const char* key) {
  std::set<std::string> found;
  for (const Json& line : lines) {
    const std::string id = line.at(key);
    found.insert(id.substr(0, id.find(':')));
  }
  return found;
}

const std::set<std::string> kBoth = {"gridworld", "webshop"};

}  // namespace

TEST_CASE("one agent is trained on both environments, and the table has the tests of each apart", "[e2e][several]") {
  const Finished& run = finished();
  for (const char* part : {"webshop/test", "gridworld/test", "iter-1", "Monte Carlo cost"})
    CHECK(contains(run.ended.out, part));
  const Json table = Json::parse(succeeds(run.place, {"leaderboard", "run", "--json"}).out);
  CHECK(splits_of_rows(table) ==
        std::set<std::string>{"webshop/dev", "webshop/test", "gridworld/dev", "gridworld/test"});
  for (const Json& row : table.at("rows")) CHECK(row.at("n") == 8);  // --limit is of each
  succeeds(run.place, {"export", "run", "--format", "sharegpt", "--policy", "expert", "--out", "experts.jsonl"});
  CHECK(environments(json_lines(read_file(run.place.file("experts.jsonl")).value()), "id") == kBoth);
  succeeds(run.place, {"export", "run", "--format", "trl-dpo", "--out", "pairs.jsonl"});
  CHECK(environments(json_lines(read_file(run.place.file("pairs.jsonl")).value()), "id") == kBoth);
  succeeds(run.place, {"export", "run", "--format", "steps", "--out", "steps.jsonl"});
  CHECK(environments(json_lines(read_file(run.place.file("steps.jsonl")).value()), "env") == kBoth);
}

TEST_CASE("each environment has its own settings and threshold", "[e2e][several]") {
  const Json config = load_json(finished().place.file("run/config.json")).at("config");
  CHECK(config.at("env").at("id") == "webshop,gridworld");
  CHECK(config.at("env").at("settings").at("webshop").at("world_size") == "tiny");
  CHECK(config.at("env").at("settings").at("gridworld").contains("detours"));
  CHECK(config.at("optimizer").at("settings").at("threshold_by") == "webshop=0.01,gridworld=0.05");
  const auto settings = [&](const Words& more) {
    Words words = both({"--dry-run", "--json"});
    words.insert(words.end(), more.begin(), more.end());
    const Json resolved = Json::parse(succeeds(finished().place, words).out).at("config");
    return Json{{"env", resolved.at("env").at("settings")}, {"optimizer", resolved.at("optimizer").at("settings")}};
  };
  const Json changed = settings({"--set", "gridworld.detours=0.1", "--threshold", "0.3"});
  CHECK(changed.at("env").at("gridworld").at("detours") == 0.1);
  CHECK(changed.at("optimizer").at("threshold") == 0.3);
  CHECK(changed.at("optimizer").at("threshold_by") == "");
}

TEST_CASE("verify, report and a second call take a run over several environments", "[e2e][several]") {
  const Finished& run = finished();
  const Ended verified = succeeds(run.place, {"verify", "run"});
  CHECK(contains(verified.out, "certificate checked"));
  succeeds(run.place, {"report", "run", "--html", "page.html"});
  CHECK(contains(read_file(run.place.file("page.html")).value(), "gridworld/test"));
  const Ended again = succeeds(run.place, {"run", "--config", "run/config.json", "--out", "run"});
  CHECK(again.out == run.ended.out);
}

TEST_CASE("the agent plays each environment alone as it did in the run", "[e2e][several]") {
  const Finished& run = finished();
  const Json table = Json::parse(succeeds(run.place, {"leaderboard", "run", "--json"}).out);
  for (const Words& words :
       {Words{"--env", "gridworld"}, Words{"--env", "webshop", "--set", "webshop.world_size=tiny"}}) {
    Words call = {"eval", "--policy", "run/checkpoints/iter-1", "--limit", "8", "--max-new-tokens", "64", "--json"};
    call.insert(call.end(), words.begin(), words.end());
    const Json row = Json::parse(succeeds(run.place, call).out).at("rows").at(0);
    for (const Json& own : table.at("rows")) {
      if (own.at("policy") == "iter-1" && own.at("split") == words[1] + "/test")
        CHECK(own.at("mean") == row.at("mean"));
    }
  }
}

TEST_CASE("a run over several environments that is killed goes on with the same results", "[e2e][several]") {
  const Workplace place;
  const Words words = both({});
  kill_and_go_on(place, words, run_undisturbed(place, words), 2, 5);
}

TEST_CASE("an agent is trained on some families and tested on others", "[e2e][several]") {
  const Workplace place;
  succeeds(place, {"--env", "intercodesql", "--scorer", "mc", "--preset", "quick", "--set", "env.world_size=tiny",
                   "--samples", "1", "--train-families", "one,count", "--test-families", "two", "--set",
                   "sft.train.epochs=2", "--out", "run"});
  const std::vector<Json> rows = json_lines(succeeds(place, {"analyze", "run", "family", "--json"}).out);
  REQUIRE_FALSE(rows.empty());
  for (const Json& row : rows) CHECK(row.at("family") == "two");
  succeeds(place,
           {"export", "run", "--format", "sharegpt", "--policy", "expert", "--min-reward", "0", "--out", "x.jsonl"});
  const auto experts = json_lines(read_file(place.file("x.jsonl")).value()).size();
  CHECK(experts > 0);
  CHECK(experts < 24);
  CHECK(contains(succeeds(place, {"run", "--config", "run/config.json", "--out", "run"}).out, "record  run/run.db"));
  const Ended unknown =
      place.host({"--env", "intercodesql", "--scorer", "mc", "--train-families", "three", "--out", "x"});
  CHECK(unknown.exit_code == 2);
  CHECK(contains(unknown.err, "--train-families three: no train task"));
  CHECK(contains(unknown.err, "one-top"));
  const Ended none = place.host({"--env", "gridworld", "--scorer", "mc", "--test-families", "x", "--out", "x"});
  CHECK(none.exit_code == 2);
  CHECK(contains(none.err, "tells no family"));
  CHECK_FALSE(fs::exists(place.file("x")));
}

TEST_CASE("further train goals are explored, and not trained on first", "[e2e][several]") {
  const Workplace place;
  const Words words = {"--env",     "webshop",
                       "--scorer",  "mc",
                       "--preset",  "quick",
                       "--set",     "env.world_size=tiny",
                       "--set",     "env.more_train=20",
                       "--set",     "sft.split=train",
                       "--set",     "sft.train.epochs=3",
                       "--samples", "1"};
  Words more = words;
  more.insert(more.end(), {"--set", "ipr.split=train_more", "--out", "more"});
  succeeds(place, more);
  succeeds(place,
           {"export", "more", "--format", "sharegpt", "--policy", "sft", "--split", "train", "--out", "e.jsonl"});
  for (const Json& line : json_lines(read_file(place.file("e.jsonl")).value())) {
    if (line.at("stage") == "explore") CHECK(line.at("split") == "train_more");
  }
  more.back() = "unknown";
  more[more.size() - 3] = "ipr.split=trian";
  const Ended unknown = place.host(more);
  CHECK(unknown.exit_code == 2);
  CHECK(contains(unknown.err, "did you mean \"train\"?"));
  CHECK_FALSE(fs::exists(place.file("unknown")));
}

TEST_CASE("what several environments cannot mean is refused with one line", "[e2e][several]") {
  const Workplace place;
  const auto refused = [&](const Words& more, int code) {
    Words words = {"--scorer", "mc", "--out", "never"};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = place.host(words);
    CHECK(ended.exit_code == code);
    CHECK_FALSE(fs::exists(place.file("never")));
    REQUIRE(ended.error_lines().size() == 1);
    return ended.error_lines()[0];
  };
  CHECK(contains(refused({"--env", "webshop,webshop"}, 2), "\"webshop\" is there twice"));
  CHECK(contains(refused({"--env", "webshop,gridwrld"}, 2), "gridworld"));
  CHECK(contains(refused({"--env", "webshop,gridworld", "--data", "."}, 2), "webshop=DIR,gridworld=DIR"));
  CHECK(contains(refused({"--env", "webshop,gridworld", "--data", "webshop=nowhere"}, 3), "nowhere: is not a folder"));
  CHECK(contains(refused({"--env", "webshop,gridworld", "--prompts", "."}, 2), "--set webshop.prompts="));
  CHECK(contains(refused({"--env", "webshop,gridworld", "--set", "env.detuors=0"}, 2), "detuors"));
  CHECK(
      contains(refused({"--env", "webshop,gridworld", "--set", "ipr.threshold_by=webshop"}, 2), "ENVIRONMENT=NUMBER"));
}
