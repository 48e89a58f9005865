// Generated games in TextWorld's own hands (peers.py). $IPR_PYTHON names a Python that has textworld with its PDDL
// support; else a virtual environment is made in the build folder, from PyPI.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/base/files.h"
#include "core/base/json.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "world/world.h"

using namespace alfworld;
namespace fs = std::filesystem;

namespace {

constexpr int kMissing = 77;

int run(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A Python with textworld; empty, with the reason printed, where it cannot be had.
std::string python() {
  if (const char* chosen = std::getenv("IPR_PYTHON")) return chosen;
  const std::string folder = IPR_PEER_FOLDER, made = folder + "/bin/python";
  const std::string wanted = " -c 'import textworld, fast_downward' 2>/dev/null";
  if (fs::exists(made) && run(made + wanted) == 0) return made;
  if (run("python3 -m venv " + folder) == 0 &&
      run(made + " -m pip install -q textworld fast-downward-textworld") == 0 && run(made + wanted) == 0) {
    return made;
  }
  std::cout << "skipped: textworld could not be installed from PyPI (set IPR_PYTHON)\n";
  return {};
}

}  // namespace

TEST_CASE("TextWorld loads ten generated games and wins them by their walkthroughs", "[alfworld][world][peers]") {
  const std::string interpreter = python();
  if (interpreter.empty()) return;
  const ipr::test::TempFolder folder;
  const World world = generate_world(1, WorldSize::kNormal);
  for (std::size_t i = 0; i < 10; ++i) {
    // Over all task types and splits.
    const MadeTask& task = world.tasks[i * 307 % world.tasks.size()];
    const std::string file = folder.file(std::to_string(i) + ".tw-pddl");
    REQUIRE(ipr::write_file(file, game_text(world, task)).ok());
  }
  const int result = run(interpreter + " " + IPR_PEER_SCRIPT + " " + folder.path());
  if (result == kMissing) {
    std::cout << "skipped: " << interpreter << " has no textworld (set IPR_PYTHON)\n";
    return;
  }
  CHECK(result == 0);
}
