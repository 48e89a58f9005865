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
  CHECK_FALSE(fell_beyond_interval(before, before, {}));
  CHECK_FALSE(fell_beyond_interval(before, slightly, {}));
  CHECK(fell_beyond_interval(before, clearly, {}));
  CHECK_FALSE(fell_beyond_interval(clearly, before, {}));  // a rise
}

TEST_CASE("only tasks that both have played are compared", "[loop][choose]") {
  CHECK_FALSE(fell_beyond_interval({}, constant(9, 0), {}));
  CHECK_FALSE(fell_beyond_interval({{"elsewhere", 1}}, constant(9, 0), {}));
}

TEST_CASE("tasks that share chance are no proof of a fall", "[loop][choose]") {
  TaskOutcomes before = constant(40, 0.8), now = before;
  TaskClusters clusters;
  for (int i = 0; i < 40; ++i) clusters[std::to_string(i)] = std::to_string(i / 20);
  for (int i = 0; i < 20; ++i) now[std::to_string(i)] = 0.1;  // all of one cluster, none of the other
  CHECK(fell_beyond_interval(before, now, {}));
  CHECK_FALSE(fell_beyond_interval(before, now, clusters));
}

TEST_CASE("the best on dev is chosen, the earliest of equal ones, nobody without dev", "[loop][choose]") {
  CHECK(choose_iteration({{0, constant(3, 0.5)}, {1, constant(3, 0.7)}, {2, constant(3, 0.7)}}) == 1);
  CHECK(choose_iteration({{0, constant(3, 0)}, {1, constant(3, 0)}}) == 0);
  CHECK_FALSE(choose_iteration({{0, {}}, {1, {}}}).has_value());
  CHECK_FALSE(choose_iteration({}).has_value());
}
