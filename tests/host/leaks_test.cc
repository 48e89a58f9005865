// Splits that overlap: refused, or marked in every table.
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;

TEST_CASE("the published WebShop lists overlap in 12 goals, which is refused before anything is trained",
          "[host][leaks]") {
  const std::string list = shared_file("data/webshop/ipr_train_indices.json");
  if (list.empty()) return;
  const std::string folder = list.substr(0, list.rfind('/'));
  const Workplace place;
  const std::vector<std::string> words{"--env", "webshop", "--scorer", "mc", "--split-lists", folder, "--out", "r"};
  const Ended refused = place.host(words);
  CHECK(refused.exit_code == 3);
  REQUIRE(refused.error_lines().size() == 1);
  CHECK(contains(refused.error_lines()[0], "train and test overlap in 12 tasks (2933, "));
  CHECK(contains(refused.error_lines()[0], "and 2 more"));
  CHECK(contains(refused.error_lines()[0], "--allow-overlap"));
  CHECK_FALSE(std::filesystem::exists(place.file("r")));
  CHECK(contains(refused.err, "of 1824 sessions are none of the 1160 human goals of this data"));
  std::vector<std::string> allowed = words;
  allowed.insert(allowed.end() - 2, "--allow-overlap");
  const Ended without_goals = place.host(allowed);
  CHECK(without_goals.exit_code == 3);
  REQUIRE(without_goals.error_lines().size() == 1);
  CHECK(contains(without_goals.error_lines()[0], "12,087 human goals"));
}

TEST_CASE("an allowed overlap is part of the config and marks the table, the JSON and the report", "[host][leaks]") {
  const Workplace place;
  std::ofstream(place.file("train.json")) << "[0, 1, 2, 3, 4, 5, 6, 7]";
  std::ofstream(place.file("dev.json")) << "[8, 9, 10, 11]";
  std::ofstream(place.file("test.json")) << "[6, 7, 12, 13]";
  std::vector<std::string> words{"--env",         "webshop",
                                 "--scorer",      "mc",
                                 "--preset",      "quick",
                                 "--samples",     "1",
                                 "--set",         "env.world_size=tiny",
                                 "--set",         "sft.train.epochs=3",
                                 "--split-lists", "train.json",
                                 "dev.json",      "test.json"};
  std::vector<std::string> marked = words;
  marked.insert(marked.end(), {"--allow-overlap", "--out", "r"});
  const Ended ended = place.host(marked);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(contains(ended.out, "train and test overlap in "));
  CHECK(load_json(place.file("r/config.json")).at("config").at("allow_overlap") == true);
  const Json rows = Json::parse(place.host({"leaderboard", "r", "--split", "test", "--json"}).out).at("rows");
  REQUIRE_FALSE(rows.empty());
  for (const Json& row : rows) CHECK(row.at("overlap") >= Json(2));
  std::ifstream page(place.file("r/report.html"));
  const std::string report((std::istreambuf_iterator<char>(page)), {});
  CHECK(contains(report, "train and test overlap in "));
  const Ended played = place.host({"eval", "--env", "webshop", "--policy", "expert", "--set", "env.world_size=tiny",
                                   "--split-lists", "train.json", "dev.json", "test.json"});
  CHECK(played.exit_code == 0);
  CHECK(contains(played.out, "train and test overlap in "));
  words.insert(words.end(), {"--out", "other"});
  CHECK(place.host(words).exit_code == 3);
}
