// Killing a run again and again, and letting it go on each time.
#pragma once

#include <algorithm>
#include <chrono>
#include <set>

#include "core/base/rng.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

namespace ipr::test {

struct Undisturbed {
  std::string results;  // of certificate.json
  double seconds = 0;
};

inline std::string results_of(const Workplace& place, const std::string& out) {
  return load_json(place.file(out + "/certificate.json")).at("results");
}

// A run's words without `--out`, run to its end.
inline Undisturbed run_undisturbed(const Workplace& place, std::vector<std::string> words) {
  words.insert(words.end(), {"--out", "undisturbed"});
  const auto start = std::chrono::steady_clock::now();
  const Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  return {results_of(place, "undisturbed"),
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
}

// Kills the run `kills` times by SIGKILL, at moments drawn from `seed` over a third of an undisturbed run's time, with
// the number of threads changing in between, and checks that each time the same command goes on; a run that reaches its
// end gives the undisturbed one's results, and a new one is begun. Returns the places that runs said they went on from.
inline std::set<std::string> kill_and_go_on(const Workplace& place, const std::vector<std::string>& words,
                                            const Undisturbed& undisturbed, int kills, std::uint64_t seed) {
  Rng rng(seed);
  std::set<std::string> places;
  int killed = 0, run = 0;
  for (int attempt = 0;; ++attempt) {
    REQUIRE(attempt < 20 * kills);
    const std::string out = std::to_string(run) + "-killed";
    Call call = place.call(words);
    call.arguments.insert(call.arguments.end(), {"--out", out, "--threads", rng.below(2) == 0 ? "1" : "4"});
    call.variables.insert_or_assign("IPR_HOST_SAVE_SECONDS", "1");
    call.kill_after = killed < kills ? 0.001 + rng.uniform() * std::max(3.0, undisturbed.seconds / 3) : 0;
    const Ended ended = run_program(call);
    INFO("run " << run << ", attempt " << attempt << "\n" << ended.err);
    const auto said = ended.err.find("goes on: ");
    if (said != std::string::npos) places.insert(ended.err.substr(said, ended.err.find('\n', said) - said));
    if (ended.signal == 9) {
      ++killed;
      continue;
    }
    REQUIRE(ended.exit_code == 0);
    CHECK(results_of(place, out) == undisturbed.results);
    ++run;
    if (killed == kills) return places;
  }
}

}  // namespace ipr::test
