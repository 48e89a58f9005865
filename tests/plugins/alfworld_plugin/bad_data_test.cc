// Broken games behind the host's line: one clear error that names the file and the place, and the others still play.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "tests/plugins/alfworld_plugin/open_alfworld.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kTask = "/pick_heat_then_place_in_recep-Mug-None-CoffeeMachine-13/";
constexpr const char* kGood = "trial_T20190908_185043_273617";

// A folder with one good game and copies of it, each with one change.
class Copies {
 public:
  explicit Copies(const std::string& data)
      : good_(load_json(data + "/json_2.1.3/train" + kTask + kGood + "/game.tw-pddl")) {
    add(kGood, good_);
  }
  void add(const std::string& trial, const Json& game) const { add_text(trial, game.dump()); }
  void add_text(const std::string& trial, const std::string& text) const {
    const std::string folder = folder_.path() + "/valid_seen" + kTask + trial;
    fs::create_directories(folder);
    REQUIRE(write_file(folder + "/game.tw-pddl", text).ok());
  }
  // The good game with the first `from` in `key` replaced.
  [[nodiscard]] Json with(const std::string& key, const std::string& from, const std::string& to) const {
    Json game = good_;
    std::string text = game[key];
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    game[key] = text.replace(at, from.size(), to);
    return game;
  }
  [[nodiscard]] Json without(const std::string& key) const {
    Json game = good_;
    game.erase(key);
    return game;
  }
  [[nodiscard]] const std::string& path() const { return folder_.path(); }
  [[nodiscard]] const Json& good() const { return good_; }

 private:
  TempFolder folder_;
  Json good_;
};

std::string id_of(const std::string& trial) {
  return std::string("valid_seen") + kTask + trial;
}

}  // namespace

TEST_CASE("each fault of a game file is one error with file and place", "[alfworld][plugin]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const Copies copies(data);
  const std::string text = copies.good().dump();
  copies.add_text("cut", text.substr(0, text.size() / 2));
  copies.add_text("empty", "");
  copies.add_text("list", "[]");
  for (const char* key : {"pddl_domain", "pddl_problem", "grammar", "solvable"})
    copies.add(std::string("no_") + key, copies.without(key));
  Json unsolvable = copies.good();
  unsolvable["solvable"] = false;
  copies.add("unsolvable", unsolvable);
  copies.add("open_problem", copies.with("pddl_problem", "(:goal", "(:goal ("));
  copies.add("open_domain", copies.with("pddl_domain", "(:types", "(:types ("));
  copies.add("no_rule", copies.with("grammar", "#examineReceptacle.feedback#", "#no.such.rule#"));
  copies.add("recursive", copies.with("grammar", "\"The {r.name} is closed.\"", "\"#examineReceptacle.feedback#\""));
  copies.add("open_grammar", copies.with("grammar", "\"task\": [", "\"task\": [["));

  std::vector<std::string> lines;
  const auto environment = open_alfworld(copies.path(), {}, &lines);
  REQUIRE(lines.size() == 2);
  // None of them is offered, so that a run over the folder plays the good one.
  std::size_t offered = 0;
  for (const env::Split& split : environment->splits()) offered += split.task_count;
  CHECK(offered == 1);
  INFO(lines[0] << "\n" << lines[1]);
  for (const char* trial : {"cut", "empty", "list", "no_pddl_domain", "no_pddl_problem", "no_grammar", "no_solvable",
                            "unsolvable", "open_problem", "open_domain", "no_rule", "recursive", "open_grammar"}) {
    CAPTURE(trial);
    const Json out = replay(*environment, id_of(trial), {"go to fridge 1"});
    REQUIRE(out["error"].is_string());
    const std::string error = out["error"];
    CAPTURE(error);
    CHECK(error.find(std::string(trial) + "/game.tw-pddl: ") != std::string::npos);
    CHECK(error.find('\n') == std::string::npos);
  }
  const Json good = replay(*environment, id_of(kGood), {"go to fridge 1"});
  CHECK(good["error"].is_null());
  CHECK(good["steps"][0]["valid"] == true);
}

TEST_CASE("a task that is not there is an error of its case alone", "[alfworld][plugin]") {
  const std::string data = real_games();
  if (data.empty()) return;
  const auto environment = open_alfworld(data);
  for (const char* id : {"", "valid_seen/x/y", "../../etc/passwd", "valid_seen/../train"})
    CHECK(replay(*environment, id, {})["error"].get<std::string>().find("no task") != std::string::npos);
}
