// `ipr-host verify`: what is as recorded passes, what was changed afterwards is named.
#include <sqlite3.h>

#include <filesystem>

#include "core/base/files.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

// A copy of the small run that may be tampered with.
struct Copy {
  Copy() { fs::copy(small_run().folder(), place.file("run"), fs::copy_options::recursive); }
  [[nodiscard]] Ended verify(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"verify", "run"};
    words.insert(words.end(), more.begin(), more.end());
    return place.host(words);
  }
  // Changes the record with SQL.
  void change(const std::string& sql) const {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(place.file("run/run.db").c_str(), &opened) == SQLITE_OK);
    char* error = nullptr;
    const int code = sqlite3_exec(opened, sql.c_str(), nullptr, nullptr, &error);
    INFO((error == nullptr ? "" : error));
    CHECK(sqlite3_changes(opened) == 1);
    sqlite3_free(error);
    sqlite3_close(opened);
    REQUIRE(code == SQLITE_OK);
  }
  Workplace place;
};

// The differences that verify finds; exit code 1 and one error line with their number.
std::vector<Json> differences(const Copy& copy) {
  const Ended ended = copy.verify({"--json"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 1);
  REQUIRE(ended.error_lines().size() == 1);
  const Json answer = Json::parse(ended.out);
  CHECK(answer.at("difference_count") == answer.at("differences").size());
  return answer.at("differences");
}

bool has(const std::vector<Json>& found, const std::string& what) {
  return std::any_of(found.begin(), found.end(), [&](const Json& d) { return d.at("what") == what; });
}

}  // namespace

TEST_CASE("a run verifies as it was recorded", "[host][verify]") {
  const Copy copy;
  const Ended text = copy.verify();
  INFO(text.err << text.out);
  CHECK(text.exit_code == 0);
  CHECK(contains(text.out, "certificate checked"));
  const Ended json = copy.verify({"--json"});
  REQUIRE(json.exit_code == 0);
  const Json answer = Json::parse(json.out);
  CHECK(answer.at("difference_count") == 0);
  CHECK(answer.at("episodes") > 40);
  CHECK(answer.at("turns") > answer.at("episodes"));
  CHECK(answer.at("finished") == true);
}

TEST_CASE("a reward that was changed is named with its episode and turn", "[host][verify]") {
  const Copy copy;
  copy.change(
      "UPDATE turn SET reward = reward + 0.25 WHERE turn = 1 AND episode_id = "
      "(SELECT MIN(id) FROM episode WHERE stage = 'eval')");
  const std::vector<Json> found = differences(copy);
  REQUIRE(found.size() == 2);
  CHECK(found[0].at("what") == "reward");
  CHECK(found[0].at("turn") == 1);
  CHECK(found[0].at("episode").is_number_integer());
  CHECK(found[0].at("task").is_string());
  CHECK(std::stod(found[0].at("recorded").get<std::string>()) ==
        std::stod(found[0].at("now").get<std::string>()) + 0.25);
  CHECK(found[1].at("what") == "results");
  const Ended text = copy.verify();
  CHECK(contains(text.out, "episode " + found[0].at("episode").dump() + ", task "));
  CHECK(contains(text.out, "turn 1, reward: recorded "));
}

TEST_CASE("a rollout that was changed is found too, though no result rests on it", "[host][verify]") {
  const Copy copy;
  copy.change("UPDATE episode SET outcome = outcome + 1 WHERE id = (SELECT MIN(id) FROM episode WHERE stage = 'mc')");
  const std::vector<Json> found = differences(copy);
  REQUIRE(found.size() == 1);
  CHECK(found[0].at("what") == "outcome");
  CHECK(found[0].at("turn") == nullptr);
}

TEST_CASE("a checkpoint with one other bit is named", "[host][verify]") {
  const Copy copy;
  const std::string path = copy.place.file("run/checkpoints/iter-1/model.safetensors");
  std::string bytes = read_file(path).value();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  REQUIRE(write_file(path, bytes).ok());
  const std::vector<Json> found = differences(copy);
  REQUIRE(found.size() == 1);
  CHECK(found[0].at("what") == "checkpoint checkpoints/iter-1");
}

TEST_CASE("a changed config, panel or certificate is named", "[host][verify]") {
  const Copy copy;
  const std::string config = read_file(copy.place.file("run/config.json")).value();
  REQUIRE(write_file(copy.place.file("run/config.json"), config + "\n").ok());
  CHECK(has(differences(copy), "config.json"));
  REQUIRE(write_file(copy.place.file("run/config.json"), config).ok());
  Json panel = load_json(copy.place.file("run/panel.json"));
  panel[0]["sha256"] = "0";
  REQUIRE(write_file(copy.place.file("run/panel.json"), panel.dump()).ok());
  const std::vector<Json> found = differences(copy);
  CHECK(has(found, "panel.json"));
  CHECK(has(found, "task content"));
}

TEST_CASE("many differences are counted, and twenty are shown", "[host][verify]") {
  const Copy copy;
  for (int turn = 0; turn < 2; ++turn) {
    for (int episode = 1; episode <= 12; ++episode) {
      copy.change("UPDATE turn SET observation = observation || '!' WHERE turn = " + std::to_string(turn) +
                  " AND episode_id = (SELECT id FROM episode WHERE stage = 'eval' ORDER BY id LIMIT 1 OFFSET " +
                  std::to_string(episode) + ")");
    }
  }
  const Ended ended = copy.verify();
  CHECK(ended.exit_code == 1);
  CHECK(contains(ended.out, "and 4 more\n"));
  CHECK(contains(ended.error_lines().at(0), "24 differences"));
}

TEST_CASE("a run that is no run, or cannot be read, is bad data", "[host][verify]") {
  const Copy copy;
  const auto refused = [&](const std::string& run, const std::string& part) {
    const Ended ended = copy.place.host({"verify", run});
    INFO(ended.err);
    CHECK(ended.exit_code == 3);
    REQUIRE(ended.error_lines().size() == 1);
    CHECK(contains(ended.error_lines()[0], part));
  };
  refused("nowhere", "is no run folder");
  REQUIRE(write_file(copy.place.file("run/run.db"), std::string(5000, 'x')).ok());
  refused("run", "run.db");
  fs::remove(copy.place.file("run/run.db"));
  refused("run", "run.db");
  REQUIRE(write_file(copy.place.file("run/config.json"), "{}").ok());
  CHECK(copy.verify().exit_code == 3);
}
