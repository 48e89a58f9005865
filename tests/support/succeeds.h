// A call of ipr-host that must end well; its standard error is shown where it does not.
#pragma once

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/program.h"

namespace ipr::test {

inline Ended succeeds(const Workplace& place, const std::vector<std::string>& words) {
  Ended ended = place.host(words);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  return ended;
}

}  // namespace ipr::test
