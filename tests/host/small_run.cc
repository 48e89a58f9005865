#include "tests/host/small_run.h"

#include <stdexcept>

namespace ipr::test {

std::vector<std::string> small_run_words(const std::string& out) {
  return {"--env", "gridworld", "--scorer", "mc",    "--preset",           "quick", "--limit",
          "8",     "--samples", "1",        "--set", "sft.train.epochs=6", "--out", out};
}

const SmallRun& small_run() {
  static const SmallRun* const run = [] {
    static SmallRun made;  // destroyed at exit: removes its folder
    made.out = "small";
    made.ended = made.place.host(small_run_words(made.out));
    if (made.ended.exit_code != 0) throw std::runtime_error("the small run failed: " + made.ended.err);
    return &made;
  }();
  return *run;
}

}  // namespace ipr::test
