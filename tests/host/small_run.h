// One finished small run that the tests of this program share.
#pragma once

#include "tests/support/program.h"

namespace ipr::test {

// The words of a run on the grid world that takes a few seconds; `out` is its folder.
[[nodiscard]] std::vector<std::string> small_run_words(const std::string& out);

struct SmallRun {
  Workplace place;
  std::string out;  // the run's folder, relative to the workplace
  Ended ended;
  [[nodiscard]] std::string folder() const { return place.file(out); }
  [[nodiscard]] std::string checkpoint() const { return folder() + "/checkpoints/iter-1"; }
};

// Made at the first call; read only.
[[nodiscard]] const SmallRun& small_run();

}  // namespace ipr::test
