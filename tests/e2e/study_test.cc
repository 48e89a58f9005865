// A study from its file to its table, whatever happens in between.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/files.h"
#include "core/base/rng.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kStudy = R"({
  "environments": ["gridworld"],
  "methods": ["sft", {"optimizer": "eto", "grid": {"train.lr": [1e-4, 1e-3]}}, "ipr"],
  "seeds": [1, 2], "agents": ["expert", "noop"],
  "common": {"preset": "quick", "limit": 8, "samples": 1, "set": {"sft.train.steps": 120}},
  "primary": ["ipr", "eto"], "contrasts": [["ipr", "sft"], ["eto", "sft"]],
  "paper": [{"label": "somebody", "rewards": {"gridworld": 71.3}}]})";

Call study_call(const Workplace& place, const std::string& out, const std::vector<std::string>& more = {}) {
  REQUIRE(write_file(place.file("study.json"), kStudy).ok());
  Call call = place.call({"study", "study.json", "--out", out});
  call.arguments.insert(call.arguments.end(), more.begin(), more.end());
  return call;
}

// The table without what two runs may differ in.
Json table_of(const Workplace& place, const std::string& out) {
  Json table = load_json(place.file(out + "/study.json"));
  table.erase("cost");
  return table;
}

struct Finished {
  Workplace place;
  Ended ended;
};

// Made once, read only.
const Finished& finished() {
  static const Finished* const made = [] {
    static Finished study;
    study.ended = run_program(study_call(study.place, "whole"));
    return &study;
  }();
  return *made;
}

}  // namespace

TEST_CASE("a study ends with the table of its methods, agents and comparisons", "[e2e][study]") {
  const Finished& study = finished();
  INFO(study.ended.err);
  REQUIRE(study.ended.exit_code == 0);
  for (const char* part : {"sft", "eto", "ipr", "agent: noop", "paper: somebody", "71.3", "What the data support",
                           "gridworld: ", "over 2 seeds", "Grid", "* eto"}) {
    INFO(part << "\n" << study.ended.out);
    CHECK(contains(study.ended.out, part));
  }
  const Json table = table_of(study.place, "whole");
  CHECK(table.at("columns") == Json({"gridworld"}));
  CHECK(table.at("comparisons").size() == 3);
  CHECK(table.at("comparisons").at(0).at("primary") == true);
  // The SFT row is iteration 0 of the others' runs: one model, one evaluation for each seed.
  const Json rows = table.at("rows");
  for (std::size_t seed = 0; seed < 2; ++seed) {
    const Json sft = rows.at(0).at("by_seed").at("gridworld").at(seed);
    CHECK(sft.at("n") == 8);
    CHECK(sft.at("seed") == Json(seed + 1));
  }
  // The point of the grid is the better one on dev.
  const Json grid = table.at("grid");
  REQUIRE(grid.size() == 2);
  const bool first = grid.at(0).at("dev").get<double>() >= grid.at(1).at("dev").get<double>();
  CHECK(grid.at(first ? 0 : 1).at("chosen") == true);
  CHECK(grid.at(first ? 1 : 0).at("chosen") == false);
  for (const char* file : {"study.txt", "study.html", "plan.json", "cells/gridworld/ipr/seed-2/report.html"}) {
    INFO(file);
    CHECK(fs::exists(study.place.file(std::string("whole/") + file)));
  }
}

TEST_CASE("cells that differ in what follows the SFT stage train one SFT model", "[e2e][study]") {
  const Finished& study = finished();
  const Json cells = load_json(study.place.file("whole/plan.json")).at("cells");
  CHECK(cells.at("gridworld/ipr/seed-1").at("sft_model_of") == "gridworld/eto@train.lr=0.0001/seed-1");
  CHECK(cells.at("gridworld/eto@train.lr=0.0001/seed-1").at("sft_model_of").is_null());
  const auto weights = [&](const std::string& cell) {
    return load_json(study.place.file("whole/cells/gridworld/" + cell + "/certificate.json"))
        .at("checkpoints")
        .at("checkpoints/iter-0");
  };
  CHECK(weights("ipr/seed-1") == weights("eto@train.lr=0.0001/seed-1"));
  CHECK(weights("ipr/seed-2") != weights("ipr/seed-1"));
  CHECK(contains(study.ended.err, "2 SFT models to train"));
}

TEST_CASE("a study killed again and again ends with the undisturbed table", "[e2e][study]") {
  const Workplace place;
  Rng rng(5);
  for (int kill = 0; kill < 4; ++kill) {
    Call call = study_call(place, "killed", {"--threads", kill % 2 == 0 ? "1" : "4"});
    call.variables["IPR_HOST_SAVE_SECONDS"] = "0.2";
    call.kill_after = 0.3 + 1.5 * rng.uniform();
    const Ended ended = run_program(call);
    INFO(ended.err);
    CHECK((ended.signal == 9 || ended.exit_code == 0));
  }
  const Ended ended = run_program(study_call(place, "killed"));
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(table_of(place, "killed") == table_of(finished().place, "whole"));
  const Ended again = run_program(study_call(place, "killed", {"--json"}));  // nothing is left to do
  CHECK(again.exit_code == 0);
  CHECK_FALSE(contains(again.err, "cell "));
  CHECK(Json::parse(again.out).at("rows") == table_of(finished().place, "whole").at("rows"));
  // A page that a kill has kept from being written is written by the same command.
  const std::string page = place.file("killed/cells/gridworld/ipr/seed-2/report.html");
  REQUIRE(fs::remove(page));
  CHECK(run_program(study_call(place, "killed")).exit_code == 0);
  CHECK(fs::exists(page));
}

TEST_CASE("a folder keeps its plan; what is only shown may change", "[e2e][study]") {
  const Workplace& place = finished().place;
  std::string text = kStudy;
  text.replace(text.find("\"samples\": 1"), 12, "\"samples\": 2");
  REQUIRE(write_file(place.file("other.json"), text).ok());
  const Ended other = place.host({"study", "other.json", "--out", "whole"});
  CHECK(other.exit_code == 2);
  REQUIRE(other.error_lines().size() == 1);
  CHECK(contains(other.error_lines()[0], "holds a study of another plan"));
  CHECK(
      contains(other.error_lines()[0], "cells.gridworld/ipr/seed-1.config.scorer.settings.samples is 1 there, 2 here"));
  text = kStudy;
  text.replace(text.find("somebody"), 8, "somebody else");
  REQUIRE(write_file(place.file("shown.json"), text).ok());
  const Ended same = place.host({"study", "shown.json", "--out", "whole"});
  INFO(same.err);
  CHECK(same.exit_code == 0);
  CHECK(contains(same.out, "paper: somebody else"));
}

TEST_CASE("a cell that fails does not end the study", "[e2e][study]") {
  const Workplace place;
  const std::string folder = place.file("held/cells/gridworld/ipr/seed-1");
  fs::create_directories(folder);
  const int lock = ::open((folder + "/run.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  REQUIRE(lock >= 0);
  REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);  // as a process that works there holds it
  const Ended ended = run_program(study_call(place, "held"));
  ::close(lock);
  INFO(ended.err);
  CHECK(ended.exit_code == 1);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], "1 of 6 cells failed"));
  CHECK(contains(ended.error_lines()[0], "gridworld/ipr/seed-1"));
  CHECK(contains(ended.out, "gridworld/ipr/seed-1 is missing"));
  CHECK(contains(ended.out, "of one seed"));  // IPR has one left
}

TEST_CASE("--dry-run counts the cells, what they share and the time, and starts nothing", "[e2e][study]") {
  const Workplace place;
  const Ended ended = run_program(study_call(place, "planned", {"--dry-run", "--json"}));
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  const Json plan = Json::parse(ended.out);
  CHECK(plan.at("cells").size() == 6);
  const Json kinds = plan.at("estimate").at("kinds");
  REQUIRE(kinds.size() == 3);
  CHECK(kinds.at(0).at("sft_models") == 2);
  CHECK(kinds.at(2).at("sft_models") == 0);
  CHECK(plan.at("estimate").at("seconds").get<double>() > 0);
  CHECK_FALSE(fs::exists(place.file("planned")));
}

TEST_CASE("a slip in a cell is told before anything is started, with the cell", "[e2e][study]") {
  const Workplace place;
  const auto refused = [&](const std::string& from, const std::string& to, int code, const std::string& part) {
    std::string text = kStudy;
    text.replace(text.find(from), from.size(), to);
    REQUIRE(write_file(place.file("slip.json"), text).ok());
    const Ended ended = place.host({"study", "slip.json", "--out", "slip"});
    INFO(ended.err);
    CHECK(ended.exit_code == code);
    REQUIRE(ended.error_lines().size() == 1);
    CHECK(contains(ended.error_lines()[0], "slip.json: "));
    CHECK(contains(ended.error_lines()[0], part));
    CHECK_FALSE(fs::exists(place.file("slip")));
  };
  refused("\"limit\"", "\"limti\"", 2, "common.limti: a cell has no such setting; did you mean \"limit\"?");
  refused("\"samples\": 1", "\"samples\": 0", 2, "cell gridworld/eto@train.lr=0.0001/seed-1: --samples 0");
  refused("[\"ipr\", \"sft\"]", "[\"irp\", \"sft\"]", 2, "contrasts[0]: no method is called \"irp\"");
  refused("sft.train.steps", "env.detuors", 2, "did you mean \"detours\"?");
  refused("1e-4, 1e-3", "\"much\"", 2, "train.lr");
  CHECK(place.host({"study", "nowhere.json"}).exit_code == 2);
}
