#include <algorithm>
#include <cmath>

#include "tests/plugins/support/fake_host.h"
#include "tests/support/catch.h"

using namespace ipr;

namespace {

// A trajectory of one-word messages; the last turn ended the episode.
struct Walk {
  Walk(std::string task_id, const std::vector<std::string>& messages, double outcome)
      : task(std::move(task_id)), words(messages) {
    turns.resize(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      turns[i].struct_size = sizeof(ipr_turn);
      turns[i].message = {words[i].data(), words[i].size()};
      if (i + 1 == words.size()) turns[i].flags = IPR_STEP_TERMINATED;
      pointers.push_back(&turns[i]);
    }
    view.struct_size = sizeof view;
    view.task_id = {task.data(), task.size()};
    view.turns = pointers.data();
    view.turn_count = pointers.size();
    view.outcome = outcome;
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  std::string task;
  std::vector<std::string> words;
  std::vector<ipr_turn> turns;
  std::vector<const ipr_turn*> pointers;
  ipr_trajectory view{};
};

ipr_score score_of(const Walk& walk, std::size_t turn, std::uint64_t seed = 1) {
  static const test::FakeHost host;
  const test::Instance instance(host);
  const ipr_query query = {sizeof(ipr_query), 0, &walk.view, turn, SIZE_MAX, 0};
  const ipr_query* const queries[] = {&query};
  ipr_score score{};
  score.struct_size = sizeof score;
  ipr_score* const scores[] = {&score};
  const ipr_ctx ctx = test::context(seed);
  ipr_error error = test::fresh_error();
  REQUIRE(instance.table<ipr_scorer_v1>(IPR_SCORER_V1).score(instance.self(), &ctx, 1, queries, scores, &error) ==
          IPR_OK);
  return score;
}

}  // namespace

TEST_CASE("equal histories get the same number, whatever follows", "[coin]") {
  const Walk one("t", {"a", "b", "c"}, 0.5), other("t", {"a", "b", "d", "e"}, 1);
  CHECK(score_of(one, 0).value == score_of(other, 0).value);
  CHECK(score_of(one, 1).value == score_of(other, 1).value);
  CHECK(score_of(one, 0).value != score_of(one, 1).value);
  CHECK(score_of(other, 2).value != score_of(Walk("t", {"a", "b", "x", "e"}, 1), 2).value);
  CHECK(score_of(one, 0).value != score_of(Walk("u", {"a", "b"}, 1), 0).value);
  CHECK(score_of(one, 0).value != score_of(one, 0, 2).value);
}

TEST_CASE("the numbers are uniform, so half of all comparisons are won at tau 0", "[coin]") {
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i) values.push_back(score_of(Walk("t", {std::to_string(i), "end"}, 1), 0).value);
  double sum = 0;
  std::size_t wins = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK((values[i] >= 0 && values[i] < 1));
    sum += values[i];
    if (i % 2 == 1 && values[i] - values[i - 1] > 0.2929) ++wins;
  }
  CHECK(sum / 2000 == Approx(0.5).margin(0.03));
  CHECK(static_cast<double>(wins) / 1000 == Approx(0.25).margin(0.05));  // a quarter in each direction
}

TEST_CASE("the last turn has its true outcome and needed no sample", "[coin]") {
  const Walk walk("t", {"a", "b"}, 0.75);
  CHECK(score_of(walk, 1).value == 0.75);
  CHECK(score_of(walk, 1).samples == 0);
  CHECK(score_of(walk, 0).samples == 1);
}
