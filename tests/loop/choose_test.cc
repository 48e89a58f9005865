#include "core/loop/choose.h"

#include "tests/support/catch.h"

using namespace ipr::loop;

namespace {
TaskOutcomes constant(int tasks, double outcome) {
  TaskOutcomes outcomes;
  for (int i = 0; i < tasks; ++i) outcomes[std::to_string(i)] = outcome;
  return outcomes;
}
}  // namespace

TEST_CASE("the mean of nothing is zero", "[loop][choose]") {
  CHECK(mean_outcome({}) == 0);
  CHECK(mean_outcome({{"a", 0.25}, {"b", 0.75}}) == 0.5);
}

TEST_CASE("an iteration is rolled back only if dev fell by more than its interval", "[loop][choose]") {
  TaskOutcomes before = constant(40, 0.8), slightly = before, clearly = before;
  slightly["0"] = 0;  // one task of forty: could be chance
  for (int i = 0; i < 30; ++i) clearly[std::to_string(i)] = 0.1 + 0.001 * i;
  CHECK_FALSE(fell_beyond_interval(before, before));
  CHECK_FALSE(fell_beyond_interval(before, slightly));
  CHECK(fell_beyond_interval(before, clearly));
  CHECK_FALSE(fell_beyond_interval(clearly, before));  // a rise
}

TEST_CASE("only tasks that both have played are compared", "[loop][choose]") {
  CHECK_FALSE(fell_beyond_interval({}, constant(9, 0)));
  CHECK_FALSE(fell_beyond_interval({{"elsewhere", 1}}, constant(9, 0)));
}
