// `report` and `export` on a finished run.
#include <filesystem>
#include <fstream>
#include <pugixml.hpp>
#include <set>

#include "core/base/files.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

// `export` of the small run as `format`; the rows that it wrote.
std::vector<Json> exported(const Workplace& place, const std::string& format, std::vector<std::string> more = {}) {
  const std::string file = place.file(format + ".jsonl");
  std::vector<std::string> words = {"export", small_run().folder(), "--format", format, "--out", file, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  std::vector<Json> rows = json_lines(*read_file(file));
  CHECK(Json::parse(ended.out).at("rows") == rows.size());
  return rows;
}

void fails(const std::vector<std::string>& words, int exit_code, const std::string& part) {
  const Ended ended = small_run().place.host(words);
  INFO(part << " in: " << ended.err);
  CHECK(ended.exit_code == exit_code);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], part));
}

}  // namespace

TEST_CASE("report writes the page where it is wanted and answers in JSON", "[host][report]") {
  const Workplace place;
  const Ended ended = place.host({"report", small_run().folder(), "--html", "page.html", "--json"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  const Json answer = Json::parse(ended.out);
  CHECK(answer.at("file") == "page.html");
  CHECK(answer.at("env") == "gridworld");
  CHECK(answer.at("finished") == true);
  CHECK(answer.at("rows").size() == 2);
  std::set<std::string> checks;
  for (const Json& check : answer.at("checks")) checks.insert(check.at("id"));
  CHECK(checks ==
        std::set<std::string>{"step-noise", "pairs-shrink", "divergence", "plateau", "margin-accuracy", "unfinished"});
  pugi::xml_document page;
  REQUIRE(page.load_file(place.file("page.html").c_str()));
  CHECK(*read_file(place.file("page.html")) == *read_file(small_run().folder() + "/report.html"));
  // The model from scratch does not have the paper's learning rate.
  CHECK_FALSE(page.select_node("//tr[@class='differs'][td='ipr.train.lr'][td='1e-05']").node().empty());
}

TEST_CASE("the distance of the policy to its start is measured", "[host][report]") {
  const Ended ended = small_run().place.host({"report", small_run().out, "--html", "page.html", "--json"});
  REQUIRE(ended.exit_code == 0);
  const Json answer = Json::parse(ended.out);
  for (const Json& check : answer.at("checks")) {
    if (check.at("id") == "divergence") CHECK(check.at("value").is_number());
  }
}

TEST_CASE("a run leaves one event file for TensorBoard", "[host][report]") {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(small_run().folder() + "/tb"))
    names.push_back(entry.path().filename().string());
  REQUIRE(names.size() == 1);
  CHECK(names[0].rfind("events.out.tfevents.", 0) == 0);
}

TEST_CASE("every format has rows of the run", "[host][export]") {
  const Workplace place;
  for (const Json& row : exported(place, "trl-dpo")) {
    CHECK(row.at("prompt").back().at("role") == "user");
    for (const char* side : {"chosen", "rejected"}) {
      CHECK(row.at(side).front().at("role") == "assistant");
      CHECK(row.at(side).back().at("role") == "assistant");
    }
  }
  for (const Json& row : exported(place, "steps")) {
    CHECK(row.at("messages").back().at("role") == "user");
    CHECK(row.at("value").is_number());
  }
  CHECK(exported(place, "trl-sft").size() == 8);
  CHECK(exported(place, "sharegpt", {"--policy", "iter-1", "--split", "test"}).size() == 8);
}

TEST_CASE("exported trajectories are accepted as experts again", "[host][export]") {
  const Workplace place;
  const std::vector<Json> rows = exported(place, "sharegpt");
  std::vector<std::string> words = small_run_words("again");
  words.insert(words.end(), {"--expert", "sharegpt.jsonl"});
  const Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(contains(ended.err, std::to_string(rows.size()) + " of 8 train tasks kept"));
  const Ended back = place.host({"export", "again", "--format", "sharegpt", "--out", "back.jsonl"});
  REQUIRE(back.exit_code == 0);
  CHECK(*read_file(place.file("back.jsonl")) == *read_file(place.file("sharegpt.jsonl")));
}

TEST_CASE("what cannot be exported is one line that says what to do", "[host][export]") {
  const std::string run = small_run().out;
  fails({"export", run, "--format", "shargpt", "--out", "x"}, 2, "did you mean \"sharegpt\"");
  fails({"export", run, "--format", "trl-dpo", "--iteration", "9", "--out", "x"}, 3, "choose with --kind");
  fails({"export", run, "--format", "trl-dpo", "--kind", "stp", "--out", "x"}, 2, "did you mean \"step\"");
  fails({"export", run, "--format", "sharegpt", "--policy", "nobody", "--out", "x"}, 3, "choose with --policy");
  fails({"export", run, "--format", "sharegpt", "--split", "tst", "--out", "x"}, 2, "did you mean \"test\"");
  fails({"export", run, "--format", "steps", "--policy", "sft", "--out", "x"}, 2, "--policy");
  fails({"export", run, "--format", "steps", "--out", "no/such/folder/x"}, 1, "choose a folder");
  fails({"export", "nowhere", "--format", "steps", "--out", "x"}, 3, "no run folder");
  fails({"report", "nowhere"}, 3, "no run folder");
  fails({"report", run, "--html", "no/such/folder/x"}, 1, "choose a folder");
  CHECK_FALSE(fs::exists(small_run().place.file("x")));
}
