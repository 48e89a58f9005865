// The installed program, and plugins built against the installed SDK by a project that knows nothing of this one.
#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

void cmake(const std::vector<std::string>& arguments) {
  Call call;
  call.program = IPR_CMAKE;
  call.arguments = arguments;
  call.seconds = 600;
  const Ended ended = run_program(call);
  INFO(ended.out << ended.err);
  REQUIRE(ended.exit_code == 0);
}

// Installs components of the built tree into `prefix`.
void install(const std::string& prefix, const std::vector<std::string>& components) {
  for (const std::string& component : components)
    cmake({"--install", IPR_BUILD_FOLDER, "--prefix", prefix, "--component", component});
}

// Configures and builds a folder of the repository on its own.
void build_as_stranger(const std::string& source, const std::string& build, const std::string& prefix) {
  cmake({"-S", fs::absolute(source).string(), "-B", build, "-DCMAKE_PREFIX_PATH=" + prefix,
         "-DCMAKE_BUILD_TYPE=Release"});
  cmake({"--build", build});
}

std::vector<fs::path> modules_in(const std::string& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".so") found.push_back(entry.path());
  }
  return found;
}

}  // namespace

TEST_CASE("a stranger builds an environment against the installed SDK and trains on it", "[install]") {
  const Workplace place;
  const std::string prefix = place.file("prefix"), build = place.file("gridworld");
  install(prefix, {"runtime", "sdk", "plugins"});
  REQUIRE(fs::exists(prefix + "/bin/ipr-host"));
  for (const fs::path& module : modules_in(prefix)) {
    if (contains(module.string(), "gridworld")) fs::remove(module);  // the stranger's own is the one to be found
  }
  build_as_stranger("examples/gridworld", build, prefix);
  auto modules = modules_in(build);  // the environment, its long form and a policy
  std::erase_if(modules, [](const fs::path& module) { return module.filename() != "ipr-env-gridworld.so"; });
  REQUIRE(modules.size() == 1);

  // From elsewhere, with nothing of the build tree in reach.
  const auto installed = [&](std::vector<std::string> words) {
    Call call = place.call(std::move(words));
    call.program = prefix + "/bin/ipr-host";
    return run_program(call);
  };
  const Ended checked = installed({"plugin", "check", modules[0].string()});
  INFO(checked.out << checked.err);
  CHECK(checked.exit_code == 0);
  const Ended listed = installed({"plugin", "list"});
  CHECK(contains(listed.out, "webshop"));
  CHECK_FALSE(contains(listed.out, "gridworld"));
  const Ended trained =
      installed({"--env", "gridworld", "--scorer", "mc", "--preset", "quick", "--limit", "16", "--samples", "2",
                 "--plugin-path", modules[0].parent_path().string(), "--out", "run"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  CHECK(contains(trained.out, "iter-1"));
  CHECK(fs::exists(place.file("run/report.html")));
}

TEST_CASE("the bundled scorers and optimizers build on their own, too", "[install]") {
  const Workplace place;
  const std::string prefix = place.file("prefix");
  install(prefix, {"sdk"});
  CHECK_FALSE(fs::exists(prefix + "/bin"));
  // The plugins' folder as a project of its own, less the shop, which takes long to compile.
  fs::create_directory(place.file("plugins"));
  fs::copy_file("plugins/CMakeLists.txt", place.file("plugins/CMakeLists.txt"));
  for (const char* name : {"mc", "sft", "ipr", "eto", "rft", "gigpo", "ppo", "step-ppo"})
    fs::copy(std::string("plugins/") + name, place.file(std::string("plugins/") + name));
  build_as_stranger(place.file("plugins"), place.file("build"), prefix);
  CHECK(modules_in(place.file("build")).size() == 8);
}
