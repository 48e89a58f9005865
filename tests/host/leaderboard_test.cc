// The leaderboard command on a finished run.
#include <filesystem>
#include <fstream>

#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;

TEST_CASE("leaderboard compares with any policy and refuses one that is not there", "[host][leaderboard]") {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host({"leaderboard", run.out, "--baseline", "iter-1", "--split", "test", "--json"});
  REQUIRE(ended.exit_code == 0);
  const Json rows = Json::parse(ended.out).at("rows");
  CHECK(rows.at(0).at("policy") == "sft");
  CHECK(rows.at(0).at("baseline") == "iter-1");
  CHECK(rows.at(1).at("baseline").is_null());
  const Ended slip = run.place.host({"leaderboard", run.out, "--baseline", "iter-9"});
  CHECK(slip.exit_code == 2);
  REQUIRE(slip.error_lines().size() == 1);
  CHECK(contains(slip.error_lines()[0], "did you mean \"iter-1\"?"));
}

TEST_CASE("leaderboard puts several runs into one table and compares across them", "[host][leaderboard]") {
  const SmallRun& run = small_run();
  const Workplace place;
  std::filesystem::create_directory(place.file("runs"));
  std::filesystem::copy(run.folder(), place.file("runs/b"), std::filesystem::copy_options::recursive);
  std::filesystem::copy(run.folder(), place.file("runs/a"), std::filesystem::copy_options::recursive);
  const Ended all = place.host({"leaderboard", "--baseline", "a/sft", "--split", "test", "--json"});  // those of ./runs
  INFO(all.err);
  REQUIRE(all.exit_code == 0);
  const Json rows = Json::parse(all.out).at("rows");
  REQUIRE(rows.size() == 4);
  CHECK(rows.at(0).at("run") == "a");
  CHECK(rows.at(2).at("run") == "b");
  CHECK(rows.at(2).at("baseline") == "a/sft");
  CHECK(rows.at(2).at("diff") == Json(0.0));  // the same run twice
  const Ended none = small_run().place.host({"leaderboard"});
  CHECK(none.exit_code == 3);
  CHECK(none.error_lines().size() == 1);
}

TEST_CASE("leaderboard writes its table as a page", "[host][leaderboard]") {
  const SmallRun& run = small_run();
  const Workplace place;
  const Ended ended = place.host({"leaderboard", run.folder(), "--html", "table.html"});
  REQUIRE(ended.exit_code == 0);
  std::ifstream file(place.file("table.html"));
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  CHECK(contains(page, "<!DOCTYPE html>"));
  CHECK(contains(page, "iter-1"));
  CHECK(place.host({"leaderboard", run.folder(), "--html", "no/such/folder.html"}).exit_code == 1);
}

TEST_CASE("leaderboard shows rows of others where it is asked to, marked", "[host][leaderboard]") {
  const Workplace place;
  std::ofstream(place.file("others.json")) << R"({"tables": {"t": [
    {"label": "somebody", "rewards": {"gridworld": 71.3, "elsewhere": 1}}, {"label": "nobody", "rewards": {"shop": 2}}]}})";
  const std::string run = small_run().folder();
  const Ended table = place.host({"leaderboard", run, "--paper", "others.json:t", "--html", "table.html"});
  INFO(table.err);
  REQUIRE(table.exit_code == 0);
  CHECK(contains(table.out, "paper: somebody"));
  CHECK(contains(table.out, "0.713"));
  CHECK_FALSE(contains(table.out, "nobody"));
  const Ended json = place.host({"leaderboard", run, "--paper", "others.json:t", "--json"});
  CHECK(Json::parse(json.out).at("paper") ==
        Json::parse(R"([{"label": "somebody", "env": "gridworld", "split": null, "mean": 0.713}])"));
  CHECK(Json::parse(json.out).at("rows").size() ==
        Json::parse(place.host({"leaderboard", run, "--json"}).out)["rows"].size());
  const Ended slip = place.host({"leaderboard", run, "--paper", "others.json:tt"});
  CHECK(slip.exit_code == 2);
  CHECK(contains(slip.err, "did you mean \"t\"?"));
}
