// The event file and the exported rows, read by tensorboard, datasets and trl themselves (peers.py). $IPR_PYTHON names
// a Python that has them; else a virtual environment is made in the build folder, from PyPI, without PyTorch.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/base/files.h"
#include "core/report/export.h"
#include "core/report/tensorboard.h"
#include "tests/report/small_export.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;
using ipr::test::open_record;
namespace fs = std::filesystem;

namespace {

bool runs(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A Python with the packages; empty, with the reason printed, where they cannot be had.
std::string python() {
  if (const char* chosen = std::getenv("IPR_PYTHON")) return chosen;
  const std::string folder = IPR_PEER_FOLDER, made = folder + "/bin/python";
  const std::string wanted = " -c 'import tensorboard, datasets, trl, transformers, jinja2' 2>/dev/null";
  if (fs::exists(made) && runs(made + wanted)) return made;
  // trl asks for PyTorch, which its data functions do not need.
  const std::string install = made + " -m pip install -q ";
  if (runs("python3 -m venv " + folder) && runs(install + "tensorboard datasets transformers jinja2") &&
      runs(install + "--no-deps trl") && runs(made + wanted)) {
    return made;
  }
  std::cout << "skipped: tensorboard, datasets and trl could not be installed from PyPI (set IPR_PYTHON)\n";
  return {};
}

Json answer_of(const std::string& interpreter, const std::string& what, const std::string& folder) {
  const std::string answer = folder + "/answer.json";
  REQUIRE(runs(interpreter + " " + IPR_PEER_SCRIPT + " " + what + " " + folder + " " + answer));
  return test::load_json(answer);
}

}  // namespace

TEST_CASE("TensorBoard reads the scalars of the event file", "[report][tensorboard][peers]") {
  const std::string interpreter = python();
  if (interpreter.empty()) return;
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  test::fill_for_export(record);
  for (int step = 0; step < 50; ++step) must(record.put_metric({1, "train", step, "loss", 1.0 / (1 + step)}));
  must(write_tensorboard(record, folder.path() + "/tb"));
  const Json scalars = answer_of(interpreter, "tensorboard", folder.path() + "/tb");
  REQUIRE(scalars.at("train/loss").size() == 50);
  CHECK(scalars.at("train/loss")[49][0] == 49);
  CHECK(scalars.at("train/loss")[49][1].get<double>() == Approx(0.02));
  CHECK(scalars.at("pairs/step")[0] == Json::array({1, 1.0}));
  CHECK(scalars.at("eval/test/reward")[0][1].get<double>() == Approx(0.25));
}

TEST_CASE("datasets and trl read the exported rows", "[report][export][peers]") {
  const std::string interpreter = python();
  if (interpreter.empty()) return;
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  test::fill_for_export(record);
  ExportChoice all;
  all.min_reward = -1;
  for (const char* name : {"sharegpt", "trl-sft", "trl-dpo", "steps"}) {
    const auto rows = export_rows(record, *export_format_from_name(name), all);
    must(rows.status());
    must(write_file(folder.file(std::string(name) + ".jsonl"), rows->lines));
  }
  const Json answer = answer_of(interpreter, "rows", folder.path());
  CHECK(answer.at("sharegpt").at("rows") == 3);
  CHECK(answer.at("steps").at("rows") == 2);
  CHECK(answer.at("trl-sft").at("conversational") == true);
  CHECK(answer.at("trl-sft").at("text").at("text") ==
        "<user>Do the task.<assistant>OK<user>task a<assistant>one<user>seen one<assistant>two");
  const Json pair = answer.at("trl-dpo");
  CHECK(pair.at("rows") == 2);
  CHECK(pair.at("conversational") == true);
  CHECK(pair.at("text").at("prompt") == "<user>Do the task.<assistant>OK<user>task a<assistant>");
  CHECK(pair.at("text").at("chosen") == "one<user>seen one<assistant>two");
  CHECK(pair.at("text").at("rejected") == "one<user>seen one<assistant>wrong");
}
