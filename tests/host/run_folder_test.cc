// What a run leaves behind, and what a second command does with it.
#include <filesystem>
#include <pugixml.hpp>
#include <set>

#include "core/base/files.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

TEST_CASE("a run leaves its record and its table", "[host][run]") {
  const SmallRun& run = small_run();
  for (const char* name : {"config.json", "panel.json", "run.db", "report.html", "certificate.json",
                           "checkpoints/iter-0/model.safetensors", "checkpoints/iter-1/model.safetensors",
                           "checkpoints/iter-1/config.json", "checkpoints/iter-1/tokenizer.json"}) {
    INFO(name);
    CHECK(fs::exists(fs::path(run.folder()) / name));
  }
  for (const char* word : {"sft", "iter-1", "test", "Monte Carlo cost", "report.html"}) {
    INFO(word);
    CHECK(contains(run.ended.out, word));
  }
  for (const char* stage : {"expert", "SFT", "explore", "score", "train", "evaluate"}) {
    INFO(stage);
    CHECK(contains(run.ended.err, stage));
  }
  const Json config = load_json(run.folder() + "/config.json");
  CHECK(config.at("config").at("env").at("id") == "gridworld");
  CHECK(config.at("origin").at("mc.samples") == "flag");
  CHECK(config.at("origin").at("seed") == "default");
  const Json certificate = load_json(run.folder() + "/certificate.json");
  CHECK(certificate.at("results").get<std::string>().size() == 64);
  CHECK(certificate.at("plugins").contains("environment:gridworld"));
  CHECK(load_json(run.folder() + "/panel.json").size() > 8);
}

TEST_CASE("a run's folder is no model, and the error says where its models are", "[host][run]") {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host({"eval", "--env", "gridworld", "--policy", run.folder()});
  CHECK(ended.exit_code == 2);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0],
                 "is a run's folder; its models are the folders in " + run.folder() + "/checkpoints"));
}

TEST_CASE("no half-written or temporary file stays behind", "[host][run]") {
  for (const auto& entry : fs::recursive_directory_iterator(small_run().folder())) {
    const std::string name = entry.path().filename().string();
    INFO(name);
    CHECK_FALSE(contains(name, "tmp"));
    if (entry.path().extension() == ".json") CHECK_NOTHROW(load_json(entry.path().string()));
  }
}

TEST_CASE("a finished folder prints its table again and does nothing else", "[host][run]") {
  const SmallRun& run = small_run();
  const auto before = fs::last_write_time(run.folder() + "/certificate.json");
  const Ended again = run.place.host(small_run_words(run.out));
  CHECK(again.exit_code == 0);
  CHECK(again.out == run.ended.out);
  CHECK_FALSE(contains(again.err, "SFT"));
  CHECK(fs::last_write_time(run.folder() + "/certificate.json") == before);
}

TEST_CASE("a folder holds one run: another config in it is refused", "[host][run]") {
  const SmallRun& run = small_run();
  std::vector<std::string> words = small_run_words(run.out);
  words.insert(words.end(), {"--seed", "1"});
  const Ended ended = run.place.host(words);
  CHECK(ended.exit_code == 2);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], "another config"));
  CHECK(contains(ended.error_lines()[0], "seed is 0 there, 1 here"));
}

TEST_CASE("leaderboard gives the rows of the run, with every key", "[host][run]") {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host({"leaderboard", run.out, "--json"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  const Json table = Json::parse(ended.out);
  for (const char* key : {"rollouts", "tokens_asked", "tokens_computed", "tokens_padding", "seconds"})
    CHECK(table.at("cost").contains(key));
  REQUIRE(table.at("rows").size() >= 2);
  std::set<std::string> policies;
  for (const Json& row : table.at("rows")) {
    for (const char* key : {"run", "env", "policy", "iteration", "chosen", "split", "panel", "n", "mean", "ci95",
                            "baseline", "diff", "diff_ci95", "p", "mde", "extra"}) {
      INFO(key);
      CHECK(row.contains(key));
    }
    CHECK(row.at("env") == "gridworld");
    CHECK(row.at("run") == run.out);
    CHECK(row.at("n") == Json(8));
    policies.insert(row.at("policy"));
  }
  CHECK(policies == std::set<std::string>{"sft", "iter-1"});
  const Ended test_only = run.place.host({"leaderboard", run.out, "--json", "--split", "test"});
  CHECK(Json::parse(test_only.out).at("rows").size() == 2);
  const Ended rows = run.place.host([&] {
    std::vector<std::string> words = small_run_words(run.out);
    words.emplace_back("--json");
    return words;
  }());
  CHECK(rows.exit_code == 0);
  CHECK(Json::parse(rows.out).at("rows") == Json::parse(test_only.out).at("rows"));  // the run prints the same rows
  const Ended nothing = run.place.host({"leaderboard", "checkpoints"});
  CHECK(nothing.exit_code == 3);
}

TEST_CASE("the report is one well-formed page that needs nothing from outside", "[host][run]") {
  const std::string path = small_run().folder() + "/report.html";
  pugi::xml_document page;
  const pugi::xml_parse_result parsed = page.load_file(path.c_str(), pugi::parse_default | pugi::parse_doctype);
  INFO(parsed.description() << " at byte " << parsed.offset);
  REQUIRE(parsed);
  CHECK_FALSE(page.select_node("//svg").node().empty());
  CHECK_FALSE(page.select_node("//table").node().empty());
  CHECK(page.select_node("//link[@href]|//script[@src]|//img[starts-with(@src,'http')]").node().empty());
}
