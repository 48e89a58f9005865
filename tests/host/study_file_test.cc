// The file of a study: how it is read, and the cells that it makes.
#include "core/host/study/file.h"

#include "core/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::host;
using ipr::test::TempFolder;

namespace {

using Names = std::vector<std::string>;

const Names kFlags = {"env", "scorer", "optimizer", "model", "seed", "samples", "preset", "iterations", "set"};

Result<StudyFile> read(const std::string& text) {
  const TempFolder folder;
  REQUIRE(write_file(folder.file("study.json"), text).ok());
  return read_study_file(folder.file("study.json"), kFlags);
}

StudyFile good(const std::string& text) {
  Result<StudyFile> file = read(text);
  INFO(file.status().message());
  REQUIRE(file.ok());
  return std::move(*file);
}

void refused(const std::string& text, const std::string& part) {
  const Result<StudyFile> file = read(text);
  REQUIRE_FALSE(file.ok());
  INFO(file.status().message());
  CHECK(file.status().code() == Code::kUsage);
  CHECK(file.status().message().find("study.json") != std::string::npos);
  CHECK(file.status().message().find(part) != std::string::npos);
}

Names names_of(const std::vector<StudyCell>& cells) {
  Names names;
  for (const StudyCell& cell : cells) names.push_back(cell.name);
  return names;
}

std::string grid_study(const std::string& more) {
  return R"({"environments": ["grid"], "methods": ["ipr"])" + more + "}";
}

}  // namespace

TEST_CASE("methods, environments and seeds are crossed, seed by seed", "[host][study]") {
  const StudyFile file = good(R"({
    // a comment
    "environments": ["grid", {"name": "hard", "env": "grid", "set": {"env": {"walls": 9}}}],
    "methods": ["sft", "eto", {"name": "off", "optimizer": "ipr", "set": {"ipr.filter": "off"}}],
    "seeds": [1, 2]})");
  CHECK(file.name == "study");
  CHECK(file.out == "runs/study-study");
  CHECK(names_of(cells_of(file)) == Names{"grid/eto/seed-1", "grid/off/seed-1", "hard/eto/seed-1", "hard/off/seed-1",
                                          "grid/eto/seed-2", "grid/off/seed-2", "hard/eto/seed-2", "hard/off/seed-2"});
  const StudyCell hard = cells_of(file)[3];
  CHECK(hard.settings.flags.at("env") == "grid");
  CHECK(hard.settings.flags.at("optimizer") == "ipr");
  CHECK(hard.settings.flags.at("seed") == 1);
  CHECK(hard.settings.set == Names{"env.walls=9", "ipr.filter=off"});
  CHECK_FALSE(file.method("sft")->has_runs());  // the SFT model of the first method that has runs
  CHECK(file.method("sft")->of == "eto");
  CHECK(file.method("sft")->iteration == 0);
}

TEST_CASE("what is nearer to the method is stronger, and the seed stands for itself", "[host][study]") {
  const StudyFile file = good(R"({
    "common": {"samples": 3, "preset": "quick", "set": ["env.world_seed=${seed}", "ipr.beta=0.1"]},
    "environments": [{"env": "grid", "samples": 4}],
    "methods": [{"optimizer": "ipr", "samples": 5, "set": {"ipr": {"beta": 0.3}}}],
    "seeds": [7]})");
  const StudyCell cell = cells_of(file).at(0);
  CHECK(cell.settings.flags.at("samples") == 5);
  CHECK(cell.settings.flags.at("preset") == "quick");
  CHECK(cell.settings.set == Names{"env.world_seed=7", "ipr.beta=0.1", "ipr.beta=0.3"});  // the last one counts
}

TEST_CASE("models and scorers are crossed, too, but a method may name its scorer itself", "[host][study]") {
  const StudyFile file = good(R"({
    "environments": ["grid"], "models": ["mini", {"name": "big", "model": "/models/big"}], "scorers": ["mc", "coin"],
    "methods": [{"optimizer": "eto", "scorer": "mc"}, "ipr"]})");
  CHECK(names_of(cells_of(file)) == Names{"grid/mini/eto/seed-0", "grid/mini/mc/ipr/seed-0",
                                          "grid/mini/coin/ipr/seed-0", "grid/big/eto/seed-0", "grid/big/mc/ipr/seed-0",
                                          "grid/big/coin/ipr/seed-0"});
  CHECK(cells_of(file)[5].settings.flags.at("model") == "/models/big");
  CHECK(cells_of(file)[5].settings.flags.at("scorer") == "coin");
  CHECK(cells_of(file)[3].settings.flags.at("scorer") == "mc");
}

TEST_CASE("a grid has a cell for each of its points, a method's own instead of the study's", "[host][study]") {
  const StudyFile file = good(R"({
    "environments": ["grid"], "grid": {"optimizer.beta": [0.1, 0.3], "train.lr": [1e-4]},
    "methods": ["ipr", {"optimizer": "eto", "grid": {}}]})");
  CHECK(names_of(cells_of(file)) == Names{"grid/ipr@optimizer.beta=0.1,train.lr=0.0001/seed-0",
                                          "grid/ipr@optimizer.beta=0.3,train.lr=0.0001/seed-0", "grid/eto/seed-0"});
  CHECK(cells_of(file)[1].settings.set == Names{"optimizer.beta=0.3", "train.lr=0.0001"});
}

TEST_CASE("a method that speaks of another one's rollouts comes after it and gets their number", "[host][study]") {
  const StudyFile file = good(R"({
    "environments": ["grid"],
    "methods": [{"name": "equal", "optimizer": "eto", "set": {"eto.samples_per_task": "${ipr.rollouts_per_task}"}},
                "ipr"]})");
  const std::vector<StudyCell> cells = cells_of(file);
  CHECK(names_of(cells) == Names{"grid/ipr/seed-0", "grid/equal/seed-0"});
  CHECK(cells[1].waits_for == Names{"ipr"});
  const Result<ConfigFile> filled = fill_in(cells[1].settings, [](const std::string& method) {
    CHECK(method == "ipr");
    return Result<std::int64_t>(6);
  });
  CHECK(filled->set == Names{"eto.samples_per_task=6"});
}

TEST_CASE("rows may be iterations of another method's runs", "[host][study]") {
  const StudyFile file = good(R"({
    "environments": ["grid"],
    "methods": ["ipr", {"name": "ipr-1", "title": "IPR, iteration 1", "of": "ipr", "iteration": 1}],
    "primary": ["ipr", "ipr-1"], "contrasts": [["ipr-1", "ipr"], ["ipr", "ipr-1"]]})");
  CHECK(cells_of(file).size() == 1);
  CHECK(file.method("ipr-1")->title == "IPR, iteration 1");
  CHECK(file.primary == std::pair<std::string, std::string>("ipr", "ipr-1"));
  CHECK(file.contrasts.size() == 1);  // the primary one is not tested a second time
}

TEST_CASE("without contrasts every method is compared with the first", "[host][study]") {
  const StudyFile file = good(R"({"environments": ["grid"], "methods": ["sft", "eto", "ipr"]})");
  using Contrast = std::pair<std::string, std::string>;
  CHECK(file.contrasts == std::vector<Contrast>{{"eto", "sft"}, {"ipr", "sft"}});
}

TEST_CASE("rows of a paper come from a file beside the study", "[host][study]") {
  const TempFolder folder;
  REQUIRE(
      write_file(folder.file("paper.json"), R"({"tables": {"two": [{"label": "IPR, 7B", "rewards": {"grid": 71.3}}]}})")
          .ok());
  REQUIRE(
      write_file(folder.file("study.json"), grid_study(R"(, "paper": {"file": "paper.json", "table": "two"})")).ok());
  const Result<StudyFile> file = read_study_file(folder.file("study.json"), kFlags);
  REQUIRE(file.ok());
  CHECK(file->quotes.at(0).label == "IPR, 7B");
  CHECK(file->quotes.at(0).rewards.at(0).second == 71.3);
}

TEST_CASE("a slip in a study is refused with its key", "[host][study]") {
  refused("[1]", "expected a JSON object");
  refused("{\"seeds\" 3}", "line 1, column");
  refused(grid_study(R"(, "sedes": [1])"), "unknown key \"sedes\"; did you mean \"seeds\"?");
  refused(R"({"methods": ["ipr"]})", "environments: give at least one");
  refused(R"({"environments": ["grid"]})", "methods: expected a list");
  refused(R"({"environments": ["grid"], "methods": ["sft"]})", "methods: give one that trains");
  refused(R"({"environments": ["grid"], "methods": ["ipr", "ipr"]})", "methods[1].name: \"ipr\" is there twice");
  refused(R"({"environments": ["grid"], "methods": [{"optimzer": "ipr"}]})",
          "methods[0].optimzer: a cell has no such setting; did you mean \"optimizer\"?");
  refused(grid_study(R"(, "common": {"set": ["lr"]})"), "common.set: lr: expected KEY=VALUE");
  refused(grid_study(R"(, "seeds": [-1])"), "seeds: -1");
  refused(grid_study(R"(, "seeds": [1, 1])"), "seeds: 1 is there twice");
  refused(grid_study(R"(, "name": "a/b")"), "name: expected letters");
  refused(grid_study(R"(, "contrasts": [["ipr", "eot"]])"), "contrasts[0]: no method is called \"eot\"");
  refused(grid_study(R"(, "primary": ["ipr", "ipr"])"), "primary: compares a method with itself");
  refused(grid_study(R"(, "agents": ["expret"])"), "did you mean \"expert\"?");
  refused(grid_study(R"(, "grid": {"lr": [1]})"), "grid.lr");
  refused(grid_study(R"(, "common": {"set": ["a.b=${sede}"]})"), "a.b=${sede}: known are ${seed}");
  refused(grid_study(R"(, "common": {"set": ["a.b=${eto.rollouts_per_task}"]})"), "no method with runs is called so");
  refused(grid_study(R"(, "common": {"set": ["a.b=${ipr.rollouts_per_task}"]})"), "waits for another one itself");
  refused(R"({"environments": ["grid"], "methods": ["ipr", {"name": "x", "of": "irp", "iteration": 1}]})",
          "did you mean \"ipr\"?");
  refused(grid_study(R"(, "paper": [{"label": "IPR"}])"), "paper: expected rows such as");
}
