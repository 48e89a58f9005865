// The quick run on the tiny shop, killed twenty times.
#include "tests/e2e/killed_run.h"

using namespace ipr::test;

TEST_CASE("a quick run killed twenty times ends with the undisturbed run's results", "[e2e][resume]") {
  const Workplace place;
  const std::vector<std::string> words = {"--env",    "webshop", "--scorer", "mc",
                                          "--preset", "quick",   "--set",    "env.world_size=tiny"};
  const Undisturbed undisturbed = run_undisturbed(place, words);
  const auto places = kill_and_go_on(place, words, undisturbed, /*kills=*/20, /*seed=*/1);
  CHECK(places.size() > 1);  // not always at the same one
}
