// ALFWorld from the command line: a whole run on generated games, real games without a model, and data that is not
// there.
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

std::string real_games() {
  const std::string file = shared_file("data/alfworld/README.md");
  return file.empty() ? file : file.substr(0, file.rfind('/'));
}

}  // namespace

#ifdef IPR_HAS_TRAINER
TEST_CASE("a run on tiny generated games ends in a table of both test splits, and replays", "[e2e][alfworld]") {
  const Workplace place;
  const Ended ended = place.host({"--env", "alfworld", "--scorer", "mc", "--preset", "quick", "--set",
                                  "env.world_size=tiny", "--max-steps", "12", "--samples", "1", "--out", "run"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(contains(ended.out, "Monte Carlo cost"));
  const Ended table = place.host({"leaderboard", "run", "--json"});
  std::set<std::string> splits;
  for (const Json& row : Json::parse(table.out).at("rows")) {
    splits.insert(row.at("split").get<std::string>());
    CHECK(row.at("extra").contains("nothing_happens"));
  }
  CHECK(splits == std::set<std::string>{"valid_seen", "valid_unseen"});
  const Ended verified = place.host({"verify", "run"});
  INFO(verified.out << verified.err);
  CHECK(verified.exit_code == 0);
}
#endif

TEST_CASE("the expert wins the real unseen games, and what it says is good for --expert", "[e2e][alfworld]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const Workplace place;
  const Ended ended = place.host(
      {"eval", "--env", "alfworld", "--data", data, "--policy", "expert", "--split", "valid_unseen", "--json"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  const Json row = Json::parse(ended.out).at("rows").at(0);
  CHECK(row.at("n") == 23);
  CHECK(row.at("mean") == 1.0);
  CHECK(row.at("extra").at("nothing_happens") == 0.0);
  const Ended collected = place.host({"collect", "--env", "alfworld", "--data", data, "--policy", "expert", "--split",
                                      "train", "--limit", "5", "--out", "expert.jsonl"});
  INFO(collected.err);
  CHECK(collected.exit_code == 0);
  std::ifstream file(place.file("expert.jsonl"));
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines)
    CHECK(Json::parse(line).at("id").get<std::string>().starts_with("train/"));
  CHECK(lines == 5);
}

TEST_CASE("replay answers every case and warns of games that are left out", "[e2e][alfworld]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const Workplace place;
  const std::string seen = "valid_seen/look_at_obj_in_light-Cloth-None-DeskLamp-303/trial_T20190908_170503_844252";
  const Ended ended = place.host({"replay", "--env", "alfworld", "--data", data + "/json_2.1.1"},
                                 "{\"id\":1,\"task\":\"" + seen + "\"}\n{\"id\":2,\"task\":\"nowhere\"}\nno json\n" +
                                     R"({"id":3,"task":{"split":"valid_unseen","index":0},"actions":["look"]})" + "\n");
  INFO(ended.err);
  CHECK(ended.exit_code == 0);
  CHECK(contains(ended.err, "games that are not offered: 3 not solvable"));
  const std::vector<Json> answers = json_lines(ended.out);
  REQUIRE(answers.size() == 4);
  CHECK(contains(answers[0].at("error"), "game.tw-pddl: key \"solvable\" is false"));
  CHECK(contains(answers[1].at("error"), "no task \"nowhere\""));
  CHECK(answers[2].at("error").is_string());
  CHECK(answers[3].at("error").is_null());
}

TEST_CASE("data that is not there or not wanted ends with exit 3 or 2 and one line", "[e2e][alfworld]") {
  const Workplace place;
  fs::create_directories(place.file("empty/valid_seen"));
  const auto refused = [&](std::vector<std::string> words, int code, const std::string& part) {
    words.insert(words.begin(), {"eval", "--env", "alfworld", "--policy", "expert"});
    const Ended ended = place.host(words);
    INFO(ended.err);
    CHECK(ended.exit_code == code);
    REQUIRE(ended.error_lines().size() == 1);
    CHECK(contains(ended.error_lines()[0], part));
  };
  refused({"--data", place.path()}, 3, "holds no games; give ALFWorld's folder");
  refused({"--data", place.file("empty")}, 3, "holds no game that can be offered");
  refused({"--data", place.file("nowhere")}, 3, "nowhere");
  refused({"--set", "env.text_version=older"}, 2, "text_version");
  refused({"--prompts", place.file("nowhere")}, 3, "alfworld_inst.txt");
  if (const std::string data = real_games(); !data.empty())
    refused({"--data", data, "--set", "env.task_types=heat"}, 2, "unknown type \"heat\"; give some of");
}
