// What training does to a policy on the grid world: no worse where the method is right, ruin where its loss is turned
// around.
#include <sqlite3.h>

#include <memory>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;

namespace {

using Words = std::vector<std::string>;

void runs(const Workplace& place, const std::string& out, const Words& more) {
  Words words = {"--env", "gridworld", "--scorer", "mc", "--iterations", "1", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  const Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE_FALSE(ended.timed_out);
  REQUIRE(ended.exit_code == 0);
}

// Mean outcome over all held-out tasks, dev and test, of the policy after an iteration.
double held_out_reward(const Workplace& place, const std::string& out, int iteration) {
  sqlite3* opened = nullptr;
  REQUIRE(sqlite3_open_v2(place.file(out + "/run.db").c_str(), &opened, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(opened, sqlite3_close);
  double mean = -1;
  const auto take = [](void* into, int, char** values, char**) {
    *static_cast<double*>(into) = values[0] == nullptr ? -1 : std::stod(values[0]);
    return 0;
  };
  const std::string query =
      "SELECT AVG(outcome) FROM episode WHERE stage = 'eval' AND iteration = " + std::to_string(iteration);
  REQUIRE(sqlite3_exec(opened, query.c_str(), take, &mean, nullptr) == SQLITE_OK);
  return mean;
}

}  // namespace

// 178 held-out tasks: a difference of two policies that are equally good has a standard deviation of about 0.035.
TEST_CASE("an optimizer holds what the SFT agent can, and with its loss turned around destroys it", "[e2e]") {
  const Workplace place;
  runs(place, "eto", {"--optimizer", "eto"});
  const double start = held_out_reward(place, "eto", 0);
  CHECK(start > 0.4);
  CHECK(held_out_reward(place, "eto", 1) > start - 0.12);
  runs(place, "gigpo", {"--optimizer", "gigpo", "--start-from", "eto"});
  CHECK(held_out_reward(place, "gigpo", 1) > start - 0.12);
  for (const std::string optimizer : {"eto", "gigpo"}) {
    INFO(optimizer);
    const std::string out = optimizer + "-flipped";
    runs(place, out, {"--optimizer", optimizer, "--start-from", "eto", "--plugin-path", IPR_FLIPPED_PLUGINS});
    CHECK(held_out_reward(place, out, 0) == start);
    CHECK(held_out_reward(place, out, 1) < start - 0.1);
  }
}
