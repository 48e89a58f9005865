#include "plugins/ipr/curriculum.h"

#include <string>

#include "tests/plugins/support/iteration.h"

using namespace ipr_optimizer;
using ipr::Json;
using ipr::test::EmittedRow;
using ipr::test::Iteration;

namespace {

Pair pair_of(PairTag tag, std::uint64_t rival, double gap) {
  Pair pair;
  pair.tag = tag;
  pair.rival = rival;
  pair.gap = gap;
  return pair;
}

const std::vector<Pair> kPairs = {pair_of(kOutcomePair, 1, 0.5), pair_of(kStepPair, 2, 0.1), pair_of(kStepPair, 3, 0.5),
                                  pair_of(kStepPair, 4, 0.6)};

// Step pairs of gaps 0.3 and 0.9 beside an outcome pair of gap 0.5; the agent wins the last one.
std::vector<EmittedRow> emit(Iteration& iteration) {
  iteration.plan(0);
  iteration.absorb(0, 1, 0, 0, 1, {"A1", "A2"});
  iteration.absorb(0, 2, 0, 0, 0.5, {"Z1", "Z2"});
  iteration.absorb(1, 11, 1, 0, 0.5, {"B1"});
  iteration.absorb(1, 12, 1, 1, 0, {"A1", "B2"});
  iteration.absorb(1, 21, 2, 0, 0.5, {"Z1", "Z2"});
  iteration.absorb(1, 22, 2, 1, 1, {"Z1", "Y2"});
  const auto asked = iteration.queries();
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (asked[i] == std::pair<std::uint64_t, std::size_t>(1, 1)) iteration.answer(i, 1);
    if (asked[i] == std::pair<std::uint64_t, std::size_t>(12, 1)) iteration.answer(i, 0.7);
    if (asked[i] == std::pair<std::uint64_t, std::size_t>(2, 1)) iteration.answer(i, 0);
    if (asked[i] == std::pair<std::uint64_t, std::size_t>(22, 1)) iteration.answer(i, 0.9);
  }
  std::vector<EmittedRow> rows;
  REQUIRE(iteration.emit(rows) == IPR_OK);
  return rows;
}

}  // namespace

TEST_CASE("a step pair weighs as its gap, 1 on average; outcome pairs weigh 1", "[ipr][curriculum]") {
  const std::vector<double> weights = weights_of(kPairs, Curriculum::kWeight);
  CHECK(weights[0] == 1);
  CHECK(weights[1] == Approx(0.25));
  CHECK(weights[2] == Approx(1.25));
  CHECK(weights[3] == Approx(1.5));
  for (const Curriculum other : {Curriculum::kOff, Curriculum::kOrder})
    CHECK(weights_of(kPairs, other) == std::vector<double>(4, 1.0));
  CHECK(weights_of({}, Curriculum::kWeight).empty());
  CHECK(weights_of({kPairs[0]}, Curriculum::kWeight) == std::vector<double>{1});
  // With a threshold below 0 a pair may point the wrong way: it weighs nothing.
  CHECK(weights_of({pair_of(kStepPair, 1, -0.2), pair_of(kStepPair, 2, 0.4)}, Curriculum::kWeight) ==
        std::vector<double>{0, 4});
}

TEST_CASE("the pair of the largest gap comes first, equal ones in their order", "[ipr][curriculum]") {
  std::vector<Pair> pairs = kPairs;
  arrange(pairs, Curriculum::kWeight);
  CHECK(pairs == kPairs);
  arrange(pairs, Curriculum::kOrder);
  std::vector<std::uint64_t> rivals;
  for (const Pair& pair : pairs) rivals.push_back(pair.rival);
  CHECK(rivals == std::vector<std::uint64_t>{4, 1, 3, 2});
}

TEST_CASE("curriculum=weight reaches both rows of a pair", "[ipr][curriculum]") {
  Iteration weighted(Json{{"curriculum", "weight"}, {"symmetric", true}});
  const std::vector<EmittedRow> rows = emit(weighted);
  REQUIRE(rows.size() == 6);
  const std::vector<double> expected = {1, 1, 0.5, 0.5, 1.5, 1.5};
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i].weight == Approx(expected[i]));
  CHECK(rows[4].trajectory == 22);  // the agent wins
  CHECK(weighted.train_defaults()["order"] == "shuffle");
  Iteration plain(Json{{"symmetric", true}});
  for (const EmittedRow& row : emit(plain)) CHECK(row.weight == 1);
}

TEST_CASE("curriculum=order emits in order and asks to be trained in it", "[ipr][curriculum]") {
  Iteration ordered(Json{{"curriculum", "order"}, {"symmetric", true}});
  const std::vector<EmittedRow> rows = emit(ordered);
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].trajectory == 22);
  CHECK(rows[2].trajectory == 1);
  CHECK(rows[2].tag == kOutcomePair);
  CHECK(rows[5].trajectory == 12);
  CHECK(ordered.train_defaults()["order"] == "emitted");
}

TEST_CASE("a curriculum without step rewards is refused", "[ipr][curriculum]") {
  CHECK_THROWS_WITH(Iteration(Json{{"curriculum", "order"}, {"filter", "off"}}),
                    Catch::Contains("filter=off reads none"));
}
