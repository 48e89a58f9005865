#include "plugins/rft/keep.h"

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace rft_optimizer;

namespace {

std::vector<std::uint64_t> ids(const Kept& kept) {
  std::vector<std::uint64_t> found;
  for (const Attempt* attempt : kept.attempts) found.push_back(attempt->id);
  return found;
}

using Ids = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a success ended with an outcome above the bar", "[rft]") {
  const std::vector<Attempt> sampled = {{1, "t", true, 1.0, {"a"}},
                                        {2, "t", true, 0.7, {"b"}},          // at the bar
                                        {3, "t", true, 0.7 + 1e-12, {"c"}},  // above by rounding alone
                                        {4, "t", false, 1.0, {"d"}},         // cut short
                                        {5, "t", true, 0.71, {"e"}}};
  const Kept kept = keep_successes({}, sampled, 0.7);
  CHECK(ids(kept) == Ids{1, 5});
  CHECK(kept.failed == 3);
  CHECK(kept.repeated == 0);
}

TEST_CASE("equal actions count once for a task, and not at all where the expert took them", "[rft]") {
  const std::vector<Attempt> experts = {{1, "t", true, 1, {"a", "b"}}, {2, "u", true, 1, {"z"}}};
  const std::vector<Attempt> sampled = {{3, "t", true, 1, {"a", "b"}}, {4, "t", true, 1, {"a", "c"}},
                                        {5, "t", true, 1, {"a", "c"}}, {6, "u", true, 1, {"a", "c"}},
                                        {7, "t", true, 1, {"a"}},      {8, "t", true, 1, {"z"}}};
  const Kept kept = keep_successes(experts, sampled, 0);
  CHECK(ids(kept) == Ids{4, 6, 7, 8});
  CHECK(kept.repeated == 2);
  CHECK(kept.failed == 0);
}

TEST_CASE("a failure does not hide a success of the same actions", "[rft]") {
  const std::vector<Attempt> sampled = {{1, "t", true, 0, {"a"}}, {2, "t", true, 1, {"a"}}};
  CHECK(ids(keep_successes({}, sampled, 0.5)) == Ids{2});
}

TEST_CASE("the order of the attempts changes nothing", "[rft]") {
  ipr::Rng rng(3);
  std::vector<Attempt> sampled;
  for (std::uint64_t id = 1; id <= 40; ++id) {
    sampled.push_back(
        {id, rng.below(2) == 0 ? "t" : "u", rng.below(5) > 0, rng.uniform(), {rng.below(2) == 0 ? "a" : "b"}});
  }
  const Ids expected = ids(keep_successes({}, sampled, 0.3));
  CHECK(expected.size() == 4);
  for (int round = 0; round < 20; ++round) {
    rng.shuffle(sampled);
    CHECK(ids(keep_successes({}, sampled, 0.3)) == expected);
  }
}
