// Games are read in full once, and known again by their text.

#include "data/checked_games.h"

#include <filesystem>
#include <string>

#include "core/base/files.h"
#include "ipr/plugin.hpp"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "world/world.h"

using namespace alfworld;
using ipr::sdk::Failure;
using ipr::test::TempFolder;
namespace fs = std::filesystem;

namespace {

std::string good_text() {
  const World world = generate_world(1, WorldSize::kTiny);
  return game_text(world, world.tasks.front());
}

std::string only_file(const std::string& folder) {
  std::string found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    CHECK(found.empty());
    found = entry.path().string();
  }
  return found;
}

}  // namespace

TEST_CASE("a broken game is refused however often it is met, a good one is kept", "[alfworld][data]") {
  const TempFolder folder;
  const std::string good = good_text(), broken = good.substr(0, good.size() / 2);
  {
    CheckedGames checked(folder.path());
    checked.check(good, "a");
    CHECK_THROWS_WITH(checked.check(broken, "b"), Catch::StartsWith("b: "));
    CHECK_THROWS_AS(checked.check(broken, "b"), Failure);
    checked.save();
  }
  const std::string file = only_file(folder.path());
  const std::string kept = ipr::read_file(file).value();
  CHECK(kept.size() <= 17);  // one game
  CheckedGames again(folder.path());
  again.check(good, "a");
  CHECK_THROWS_AS(again.check(broken, "b"), Failure);
  again.save();
  CHECK(ipr::read_file(only_file(folder.path())).value() == kept);
}

TEST_CASE("what the cache folder holds, and whether there is one, changes no answer", "[alfworld][data]") {
  const TempFolder folder;
  const std::string good = good_text();
  CheckedGames none("");
  none.check(good, "a");
  none.save();
  CheckedGames nowhere(folder.file("missing"));
  nowhere.check(good, "a");
  nowhere.save();
  CheckedGames first(folder.path());
  first.check(good, "a");
  first.save();
  for (const char* damage : {"", "zz\n12", "\xff\xfe", "ffffffffffffffffffffffff\n"}) {
    REQUIRE(ipr::write_file(only_file(folder.path()), damage).ok());
    CheckedGames checked(folder.path());
    checked.check(good, "a");
    CHECK_THROWS_AS(checked.check("{}", "b"), Failure);
    checked.save();
  }
}
