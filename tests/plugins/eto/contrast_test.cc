#include "plugins/eto/contrast.h"

#include <algorithm>
#include <string>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace eto_optimizer;
using ipr::sdk::explorations;
using ipr::sdk::Path;
using ipr::sdk::Side;

namespace {

// A trajectory whose messages are the given words.
Path path(std::uint64_t id, std::uint64_t parent, double outcome, const std::vector<std::string>& words) {
  Path made;
  made.id = id;
  made.parent = parent;
  made.outcome = outcome;
  for (const std::string& word : words) made.own.push_back({word, word});
  return made;
}

std::vector<std::string> words(std::size_t count, const std::string& word) {
  return std::vector<std::string>(count, word);
}

ContrastSet pairs_of(const std::vector<Path>& paths, const ContrastRules& rules = {}) {
  return contrasts(explorations(paths), rules);
}

// The trajectories from the start of ipr-pipeline.md section 7.1. Ids: the task's number for the expert, task * 10 + 1
// for the agent's.
std::vector<Path> worked_example() {
  return {
      path(7, 0, 1.0, {"A1", "A2", "A3", "A4"}), path(71, 7, 0.5, {"B1", "B2", "B3"}), path(9, 0, 0.7, {"E1", "E2"}),
      path(91, 9, 1.0, {"F1", "F2", "F3"}),      path(11, 0, 1.0, {"J1", "J2", "J3"}), path(111, 11, 1.0, {"K1"})};
}

}  // namespace

TEST_CASE("the outcome pairs of the worked example: one each for expert and agent, and a tie", "[eto][pairs]") {
  const ContrastSet set = pairs_of(worked_example());
  REQUIRE(set.pairs.size() == 2);
  CHECK(set.pairs[0] == Contrast{7, 71, false, {7, 0, 4}, {71, 0, 3}});
  CHECK(set.pairs[1] == Contrast{9, 91, true, {91, 0, 3}, {9, 0, 2}});
  CHECK(set.agent_wins == 1);
  CHECK(set.ties == 1);
  CHECK(set.repeated == 0);
}

TEST_CASE("without symmetry the expert must win", "[eto][pairs]") {
  ContrastRules rules;
  rules.symmetric = false;
  const ContrastSet set = pairs_of(worked_example(), rules);
  REQUIRE(set.pairs.size() == 1);
  CHECK(set.pairs[0].expert == 7);
  CHECK(set.agent_wins == 0);
  CHECK(set.ties == 2);
}

TEST_CASE("the outcomes must differ by more than kappa, and more than rounding", "[eto][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 0.8, {"a"}), path(2, 1, 0.7, {"b"})};
  ContrastRules rules;
  CHECK(pairs_of(paths, rules).pairs.size() == 1);
  rules.kappa = 0.1;  // 0.8 - 0.7 is above 0.1 in binary by rounding alone
  CHECK(pairs_of(paths, rules).pairs.empty());
  rules.kappa = 0.05;
  CHECK(pairs_of(paths, rules).pairs.size() == 1);
  CHECK(pairs_of({path(1, 0, 0.1 + 0.2, {"a"}), path(2, 1, 0.3, {"b"})}).pairs.empty());
}

TEST_CASE("both sides start at the first deviating turn, or at the start", "[eto][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 1, {"a", "b", "c"}), path(2, 1, 0, {"a", "b", "x", "y"})};
  ContrastRules rules;
  REQUIRE(pairs_of(paths, rules).pairs.size() == 1);
  CHECK(pairs_of(paths, rules).pairs[0].chosen == Side{1, 2, 3});
  CHECK(pairs_of(paths, rules).pairs[0].rejected == Side{2, 2, 4});
  rules.from_deviation = false;
  CHECK(pairs_of(paths, rules).pairs[0].chosen == Side{1, 0, 3});
  CHECK(pairs_of(paths, rules).pairs[0].rejected == Side{2, 0, 4});
}

TEST_CASE("no pair of a trajectory that says nothing of its own", "[eto][pairs]") {
  CHECK(pairs_of({path(1, 0, 1, {"a", "b"}), path(2, 1, 0, {"a"})}).pairs.empty());
  CHECK(pairs_of({path(1, 0, 1, {"a", "b"}), path(2, 1, 0, {})}).pairs.empty());
}

TEST_CASE("a losing agent is cut at the expert's length and ten messages, a losing expert never", "[eto][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 1, words(3, "a")), path(2, 1, 0, words(20, "b"))};
  ContrastRules rules;
  CHECK(pairs_of(paths, rules).pairs.at(0).rejected == Side{2, 0, 8});  // 2 * 8 - 1 = 2 * 3 - 1 + 10 messages
  rules.lose_cap = -1;
  CHECK(pairs_of(paths, rules).pairs.at(0).rejected == Side{2, 0, 20});
  rules.lose_cap = 0;
  CHECK(pairs_of(paths, rules).pairs.at(0).rejected == Side{2, 0, 3});
  const std::vector<Path> turned = {path(1, 0, 0, words(20, "a")), path(2, 1, 1, words(3, "b"))};
  CHECK(pairs_of(turned).pairs.at(0).rejected == Side{1, 0, 20});
}

TEST_CASE("empty messages spoil a pair where that is asked for", "[eto][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 1, {"a"}), path(2, 1, 0, {"b", ""})};
  ContrastRules rules;
  CHECK(pairs_of(paths, rules).pairs.size() == 1);
  rules.skip_empty_messages = true;
  CHECK(pairs_of(paths, rules).pairs.empty());
}

TEST_CASE("of several samples each pairs with the expert, equal ones only once", "[eto][pairs]") {
  const ContrastSet set = pairs_of({path(1, 0, 0.5, {"a", "b"}), path(2, 1, 0, {"x"}), path(3, 1, 1, {"y"}),
                                    path(4, 1, 0, {"x"}), path(5, 1, 0.5, {"z"})});
  REQUIRE(set.pairs.size() == 2);
  CHECK(set.pairs[0].rival == 2);
  CHECK_FALSE(set.pairs[0].agent_wins);
  CHECK(set.pairs[1].rival == 3);
  CHECK(set.pairs[1].agent_wins);
  CHECK(set.repeated == 1);
  CHECK(set.ties == 1);
}

TEST_CASE("the order of the trajectories changes nothing", "[eto][pairs]") {
  std::vector<Path> paths = worked_example();
  paths.push_back(path(112, 11, 0, {"L1"}));
  const std::vector<Contrast> expected = pairs_of(paths).pairs;
  CHECK(expected.size() == 3);
  ipr::Rng rng(4);
  for (int round = 0; round < 20; ++round) {
    rng.shuffle(paths);
    CHECK(pairs_of(paths).pairs == expected);
  }
}
