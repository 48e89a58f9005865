// `ipr-host score` and `collect`: the loop's own values again, and trajectories that a run can start from.
#include <cmath>
#include <filesystem>
#include <map>

#include "core/base/files.h"
#include "tests/host/record_rows.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"
#include "tests/support/succeeds.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

// The lines of a file of the workplace.
std::vector<Json> lines_of(const Workplace& place, const std::string& name) {
  return json_lines(read_file(place.file(name)).value());
}

}  // namespace

TEST_CASE("score gives the step rewards that the run recorded", "[host][run][score]") {
  const SmallRun& run = small_run();
  const Workplace& place = run.place;
  succeeds(place, {"collect", "--env", "gridworld", "--policy", "expert", "--limit", "8", "--out", "experts.jsonl"});
  const Words words = {"score",         "--config", run.out + "/config.json",       "--data",
                       "experts.jsonl", "--policy", run.out + "/checkpoints/iter-0"};
  std::map<std::pair<std::string, int>, Json> scored;
  for (const Json& line : json_lines(succeeds(place, words).out)) {
    CHECK(line.at("scorer").at("id") == "mc");
    CHECK(line.at("scorer").at("policy_sha256").get<std::string>().size() == 64);
    for (const Json& step : line.at("steps")) scored[{line.at("id"), step.at("turn")}] = step;
    CHECK(line.at("steps").back().at("mean") == line.at("outcome"));  // the last turn has no future
    CHECK(line.at("steps").back().at("n") == 0);
    CHECK(line.at("steps").back().at("standard_error") == 0);
  }
  std::size_t compared = 0;
  for (const Row& row :
       rows(run.folder() + "/run.db",
            "SELECT e.task_id, s.turn, s.value, s.samples, s.config_hash FROM step_score s JOIN episode "
            "e ON e.id = s.episode_id WHERE e.stage = 'expert'")) {
    const auto found = scored.find({row[0], std::stoi(row[1])});
    REQUIRE(found != scored.end());
    CHECK(found->second.at("mean").get<double>() == Approx(std::stod(row[2])).margin(1e-12));
    CHECK(found->second.at("n") == std::stoi(row[3]));
    ++compared;
  }
  CHECK(compared > 0);
}

TEST_CASE("more samples give a standard error, the same seed the same line", "[host][run][score]") {
  const SmallRun& run = small_run();
  succeeds(run.place, {"collect", "--env", "gridworld", "--policy", "expert", "--limit", "2", "--out", "two.jsonl"});
  Words words = {"score",
                 "--env",
                 "gridworld",
                 "--data",
                 "two.jsonl",
                 "--policy",
                 run.out + "/checkpoints/iter-0",
                 "--samples",
                 "4",
                 "--set",
                 "scorer.max_new_tokens=24"};
  const std::string first = succeeds(run.place, words).out;
  CHECK(first == succeeds(run.place, words).out);
  const Json step = json_lines(first).at(0).at("steps").at(0);
  CHECK(step.at("n") == 4);
  CHECK(step.at("standard_error").is_number());
  words.insert(words.end(), {"--split", "test"});  // the file holds train tasks
  const Ended none = run.place.host(words);
  CHECK(none.exit_code == 3);
  CHECK(contains(none.err, "no trajectory of split \"test\""));
}

TEST_CASE("score names the trajectory whose task is unknown", "[host][run][score]") {
  const SmallRun& run = small_run();
  REQUIRE(write_file(run.place.file("strange.jsonl"),
                     "{\"id\":\"nowhere\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"},"
                     "{\"role\":\"assistant\",\"content\":\"y\"}]}\n")
              .ok());
  const Ended ended = run.place.host(
      {"score", "--env", "gridworld", "--data", "strange.jsonl", "--policy", run.out + "/checkpoints/iter-0"});
  CHECK(ended.exit_code == 3);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], "strange.jsonl: trajectory 1"));
  CHECK(run.place.host({"score", "--env", "gridworld", "--policy", "x"}).exit_code == 2);
  CHECK(run.place.host({"score", "--env", "gridworld", "--data", "x", "--policy", "nowhere"}).exit_code == 3);
}

TEST_CASE("what the expert did is collected and a run starts from it", "[host][run][collect]") {
  const Workplace place;
  const Json counts = Json::parse(succeeds(place, {"collect", "--env", "gridworld", "--policy", "expert", "--limit",
                                                   "8", "--min-reward", "0.5", "--out", "experts.jsonl", "--json"})
                                      .out);
  CHECK(counts.at("played") == 8);
  CHECK(counts.at("kept").get<std::size_t>() == lines_of(place, "experts.jsonl").size());
  CHECK(counts.at("kept").get<int>() + counts.at("below_min_reward").get<int>() == 8);
  for (const Json& line : lines_of(place, "experts.jsonl")) {
    CHECK(line.at("reward").get<double>() >= 0.5);
    CHECK(line.at("split") == "train");
    CHECK(line.at("messages").back().at("role") == "assistant");
  }
  Words words = small_run_words("from-file");
  words.insert(words.end(), {"--expert", "experts.jsonl"});
  succeeds(place, words);
  const std::string query = "SELECT COUNT(*) FROM episode WHERE stage = 'expert'";
  CHECK(rows(place.file("from-file/run.db"), query).at(0).at(0) == std::to_string(counts.at("kept").get<int>()));
}

TEST_CASE("an expert file may hold several trajectories of one task", "[host][run][collect]") {
  const Workplace place;
  succeeds(place, {"collect", "--env", "gridworld", "--policy", "expert", "--limit", "4", "--out", "experts.jsonl"});
  const std::string once = read_file(place.file("experts.jsonl")).value();
  REQUIRE(write_file(place.file("twice.jsonl"), once + once).ok());
  Words words = small_run_words("twice");
  words.insert(words.end(), {"--expert", "twice.jsonl"});
  succeeds(place, words);
  const std::string query = "SELECT COUNT(*) FROM episode WHERE stage = 'expert'";
  CHECK(rows(place.file("twice/run.db"), query).at(0).at(0) == "8");
}

TEST_CASE("a checkpoint's samples are distinct and reproducible", "[host][run][collect]") {
  const SmallRun& run = small_run();
  const Words words = {"collect", "--env",  "gridworld", "--policy", run.out + "/checkpoints/iter-0",
                       "--limit", "4",      "--samples", "3",        "--temperature",
                       "1",       "--json", "--seed",    "5",        "--max-new-tokens",
                       "24",      "--out",  "a.jsonl"};
  const Json counts = Json::parse(succeeds(run.place, words).out);
  CHECK(counts.at("played") == 12);
  CHECK(counts.at("kept").get<int>() + counts.at("repeated").get<int>() + counts.at("failed").get<int>() == 12);
  const std::string first = read_file(run.place.file("a.jsonl")).value();
  succeeds(run.place, words);
  CHECK(read_file(run.place.file("a.jsonl")).value() == first);
  CHECK(run.place.host({"collect", "--env", "gridworld", "--policy", "expert"}).exit_code == 2);  // no --out
}
