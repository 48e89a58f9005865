#include "core/rollout/service.h"
#include "tests/loop/speech.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::rollout;
using namespace ipr::test;

TEST_CASE("equal histories have equal hashes, whoever lived them", "[loop][scoring]") {
  const auto talk = make_talk();
  Trajectory other = talk->expert;
  other.id = 77;
  other.parent_id = 3;
  other.expert = false;
  other.turns[2].message = "Action: back";
  CHECK(prefix_hash(talk->expert, 2) == prefix_hash(other, 2));
  CHECK(prefix_hash(talk->expert, 3) != prefix_hash(other, 3));
  CHECK(prefix_hash(talk->expert, 1) != prefix_hash(talk->expert, 2));
}

TEST_CASE("messages cannot run into one another", "[loop][scoring]") {
  const auto talk = make_talk();
  Trajectory one = talk->expert, two = talk->expert;
  one.turns[0].message = "abcd";
  one.turns[1].message = "ef";
  two.turns[0].message = "ab";
  two.turns[1].message = "cdef";
  CHECK(prefix_hash(one, 2) != prefix_hash(two, 2));
}

TEST_CASE("a sample's stream depends on run, task, history and sample only", "[loop][scoring]") {
  const auto talk = make_talk();
  Trajectory later = talk->expert;
  later.id = 901;  // another iteration's record
  later.seed = 5;
  CHECK(scoring_seed(1, talk->expert, 2, 0) == scoring_seed(1, later, 2, 0));
  CHECK(scoring_seed(1, talk->expert, 2, 0) != scoring_seed(1, talk->expert, 2, 1));
  CHECK(scoring_seed(1, talk->expert, 2, 0) != scoring_seed(2, talk->expert, 2, 0));
  CHECK(scoring_seed(1, talk->expert, 2, 0) != scoring_seed(1, talk->expert, 1, 0));
  const env::Task other_task = talk->environment->task_by_id("b").value();
  Trajectory elsewhere = talk->expert;
  elsewhere.task = &other_task;
  CHECK(scoring_seed(1, talk->expert, 0, 0) != scoring_seed(1, elsewhere, 0, 0));
}
