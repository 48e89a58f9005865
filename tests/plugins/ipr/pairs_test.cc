#include "plugins/ipr/pairs.h"

#include <algorithm>
#include <set>
#include <string>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr_optimizer;

namespace {

// A trajectory whose messages are the given words; each word is its own action.
Path path(std::uint64_t id, std::uint64_t parent, std::size_t prefix, double outcome,
          const std::vector<std::string>& words) {
  Path made;
  made.id = id;
  made.parent = parent;
  made.prefix = prefix;
  made.outcome = outcome;
  for (const std::string& word : words) made.own.push_back({"Action: " + word, word});
  return made;
}

PairRules released() {
  PairRules rules;
  rules.symmetric = true;
  rules.from_deviation = false;
  rules.skip_equal_actions = false;
  rules.skip_empty_messages = true;
  rules.lose_cap = -1;
  return rules;
}

PairRules paper() {
  PairRules rules = released();
  rules.kappa = 0;
  rules.symmetric = false;
  rules.first_step_turn = 1;
  rules.skip_empty_messages = false;
  return rules;
}

// ipr-pipeline.md section 7.1. Ids: the task's number for the expert, task * 10 + t for the agent's trajectories.
struct WorkedExample {
  std::vector<Path> paths = {path(7, 0, 0, 1.0, {"A1", "A2", "A3", "A4"}),
                             path(71, 7, 0, 0.5, {"B1", "B2", "B3"}),
                             path(72, 7, 1, 0.5, {"C2", "C3"}),
                             path(73, 7, 2, 1.0, {"D3", "D4"}),
                             path(74, 7, 3, 0.75, {"buy"}),
                             path(9, 0, 0, 0.7, {"E1", "E2"}),
                             path(91, 9, 0, 1.0, {"F1", "F2", "F3"}),
                             path(92, 9, 1, 1.0, {"I2", "I3"}),
                             path(11, 0, 0, 1.0, {"J1", "J2", "J3"}),
                             path(111, 11, 0, 1.0, {"K1"}),
                             path(112, 11, 1, 0.0, {"L2", "L3"}),
                             path(113, 11, 2, 0.0, {"M3"})};
  StepRewards rewards = {{{7, 0}, 0.60},   {{7, 1}, 0.80},   {{7, 2}, 1.00},  {{7, 3}, 1.00},  {{9, 0}, 0.60},
                         {{9, 1}, 0.70},   {{11, 0}, 0.50},  {{11, 1}, 0.62}, {{11, 2}, 1.00}, {{71, 0}, 0.50},
                         {{72, 1}, 0.50},  {{73, 2}, 1.00},  {{74, 3}, 0.75}, {{91, 0}, 0.80}, {{92, 1}, 0.90},
                         {{111, 0}, 0.50}, {{112, 1}, 0.62}, {{113, 2}, 1.00}};
  [[nodiscard]] PairSet pairs(const PairRules& rules) const { return build_pairs(explorations(paths), rewards, rules); }
};

const Pair* find(const PairSet& set, PairTag tag, std::uint64_t rival) {
  for (const Pair& pair : set.pairs) {
    if (pair.tag == tag && pair.rival == rival) return &pair;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("the worked example with the released rules and both thresholds 0.01", "[ipr][pairs]") {
  const PairSet set = WorkedExample().pairs(released());
  CHECK(set.counts.outcome_pairs == 2);
  CHECK(set.counts.step_pairs == 3);
  CHECK(set.counts.agent_wins == 2);
  CHECK(set.counts.ties == 4);
  REQUIRE(find(set, kOutcomePair, 71) != nullptr);
  CHECK(find(set, kOutcomePair, 71)->chosen == Side{7, 0, 4});
  CHECK(find(set, kOutcomePair, 71)->rejected == Side{71, 0, 3});
  REQUIRE(find(set, kStepPair, 72) != nullptr);
  CHECK(find(set, kStepPair, 72)->chosen == Side{7, 1, 4});
  CHECK(find(set, kStepPair, 72)->rejected == Side{72, 1, 3});
  REQUIRE(find(set, kStepPair, 74) != nullptr);
  CHECK(find(set, kStepPair, 74)->chosen == Side{7, 3, 4});
  CHECK(find(set, kStepPair, 74)->rejected == Side{74, 3, 4});
  CHECK(find(set, kStepPair, 74)->turn == 4);
  REQUIRE(find(set, kOutcomePair, 91) != nullptr);
  CHECK(find(set, kOutcomePair, 91)->agent_wins);
  CHECK(find(set, kOutcomePair, 91)->chosen == Side{91, 0, 3});
  CHECK(find(set, kOutcomePair, 91)->rejected == Side{9, 0, 2});
  REQUIRE(find(set, kStepPair, 92) != nullptr);
  CHECK(find(set, kStepPair, 92)->chosen == Side{92, 1, 3});
  CHECK(find(set, kStepPair, 92)->rejected == Side{9, 1, 2});
}

TEST_CASE("the worked example with the released rules and threshold 0.35", "[ipr][pairs]") {
  PairRules rules = released();
  rules.threshold = 0.35;
  const PairSet set = WorkedExample().pairs(rules);
  CHECK(set.counts.outcome_pairs == 2);
  CHECK(set.counts.step_pairs == 0);
  CHECK(set.counts.agent_wins == 1);
  CHECK(set.counts.ties == 7);
}

TEST_CASE("the worked example with the paper's rules: the expert must win, step pairs from turn 1", "[ipr][pairs]") {
  const PairSet set = WorkedExample().pairs(paper());
  CHECK(set.counts.outcome_pairs == 1);
  CHECK(set.counts.step_pairs == 3);
  CHECK(set.counts.agent_wins == 0);
  CHECK(find(set, kOutcomePair, 71) != nullptr);
  CHECK(find(set, kStepPair, 71) != nullptr);
  CHECK(find(set, kStepPair, 72) != nullptr);
  CHECK(find(set, kStepPair, 74) != nullptr);
}

TEST_CASE("the worked example with the default rules: the expert must win, no pair from turn 1 twice", "[ipr][pairs]") {
  const PairSet set = WorkedExample().pairs(PairRules());
  CHECK(set.counts.outcome_pairs == 1);
  CHECK(set.counts.step_pairs == 2);
  CHECK(find(set, kStepPair, 71) == nullptr);
  CHECK(find(set, kStepPair, 72) != nullptr);
  CHECK(find(set, kStepPair, 74) != nullptr);
}

TEST_CASE("0.8 against 0.7 is no pair at threshold 0.1", "[ipr][pairs]") {
  CHECK(0.8 > 0.7 + 0.1);  // what binary fractions make of it
  CHECK_FALSE(exceeds(0.8 - 0.7, 0.1));
  CHECK(exceeds(0.81 - 0.7, 0.1));
  const std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b"}), path(2, 1, 1, 0, {"x"})};
  const StepRewards rewards = {{{1, 1}, 0.8}, {{2, 1}, 0.7}};
  PairRules rules;
  rules.threshold = 0.1;
  CHECK(build_pairs(explorations(paths), rewards, rules).pairs.empty());
  rules.threshold = 0.09;
  CHECK(build_pairs(explorations(paths), rewards, rules).pairs.size() == 1);
}

TEST_CASE("where one run is over several environments each has its own threshold", "[ipr][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b"}), path(2, 1, 1, 0, {"x"}), path(3, 0, 0, 1, {"a", "b"}),
                                   path(4, 3, 1, 0, {"x"})};
  const StepRewards rewards = {{{1, 1}, 0.8}, {{2, 1}, 0.7}, {{3, 1}, 0.8}, {{4, 1}, 0.7}};
  PairRules rules;
  rules.thresholds = {{3, 0.5}, {4, 0.5}};
  const PairSet set = build_pairs(explorations(paths), rewards, rules);
  REQUIRE(set.pairs.size() == 1);
  CHECK(set.pairs[0].expert == 1);
}

TEST_CASE("outcome pairs begin at the first deviating turn, and are not repeated as step pairs", "[ipr][pairs]") {
  // Greedy play says what the expert says for two turns: exploration from t = 1, 2 and 3 is one and the same
  // trajectory.
  const std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b", "c", "d"}), path(2, 1, 0, 0.2, {"a", "b", "x", "y"}),
                                   path(3, 1, 1, 0.2, {"b", "x", "y"}), path(4, 1, 2, 0.2, {"x", "y"}),
                                   path(5, 1, 3, 0.4, {"z"})};
  StepRewards rewards;
  for (const Path& p : paths) {
    for (std::size_t t = 0; t < 4; ++t) rewards[{p.id, t}] = p.parent == 0 ? 1 : 0;
  }
  const PairSet set = build_pairs(explorations(paths), rewards, PairRules());
  REQUIRE(set.pairs.size() == 2);
  CHECK(set.pairs[0].tag == kOutcomePair);
  CHECK(set.pairs[0].turn == 3);
  CHECK(set.pairs[0].chosen == Side{1, 2, 4});
  CHECK(set.pairs[0].rejected == Side{2, 2, 4});
  CHECK(set.pairs[1].tag == kStepPair);
  CHECK(set.pairs[1].rival == 5);

  PairRules whole;
  whole.from_deviation = false;
  const PairSet from_start = build_pairs(explorations(paths), rewards, whole);
  CHECK(from_start.pairs[0].chosen == Side{1, 0, 4});
  CHECK(find(from_start, kStepPair, 4) != nullptr);  // another stretch of text than the whole-trajectory pair
  CHECK(find(from_start, kStepPair, 3) == nullptr);  // equal first actions
}

TEST_CASE("another thought before the same action is a deviation of the text, but no step pair", "[ipr][pairs]") {
  std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b"}), path(2, 1, 0, 0, {"a", "x"}), path(3, 1, 1, 0, {"b"})};
  paths[1].own[0].message = "Thought: well\nAction: a";
  paths[2].own[0].message = "Thought: hm\nAction: b";
  const StepRewards rewards = {{{1, 1}, 1}, {{3, 1}, 0}};
  const PairSet set = build_pairs(explorations(paths), rewards, PairRules());
  REQUIRE(set.pairs.size() == 1);
  CHECK(set.pairs[0].tag == kOutcomePair);
  CHECK(set.pairs[0].turn == 1);
}

TEST_CASE("a message that could not be parsed differs from every action", "[ipr][pairs]") {
  std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b"}), path(2, 1, 1, 0, {""})};
  paths[1].own[0].message = "eh";
  const StepRewards rewards = {{{1, 1}, 1}, {{2, 1}, 0}};
  CHECK(build_pairs(explorations(paths), rewards, PairRules()).counts.step_pairs == 1);
}

TEST_CASE("both conditions of a step pair must point the same way", "[ipr][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b"}), path(2, 1, 1, 0, {"x"})};
  PairRules rules;
  rules.symmetric = true;
  CHECK(build_pairs(explorations(paths), {{{1, 1}, 0.1}, {{2, 1}, 0.9}}, rules).pairs.empty());
  CHECK(build_pairs(explorations(paths), {{{1, 1}, 0.9}, {{2, 1}, 0.1}}, rules).pairs.size() == 1);
  rules.threshold = -2;  // no filter
  CHECK(build_pairs(explorations(paths), {{{1, 1}, 0.1}, {{2, 1}, 0.9}}, rules).pairs.size() == 1);
}

TEST_CASE("the losing side is cut at the winner's length and ten messages", "[ipr][pairs]") {
  const std::vector<std::string> rambling(9, "x");
  const std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b"}), path(2, 1, 0, 0, rambling)};
  PairRules rules;
  // Two turns are 3 messages; 13 messages are 7 turns.
  CHECK(build_pairs(explorations(paths), {}, rules).pairs.at(0).rejected == Side{2, 0, 7});
  rules.lose_cap = -1;
  CHECK(build_pairs(explorations(paths), {}, rules).pairs.at(0).rejected == Side{2, 0, 9});
  rules.lose_cap = 0;
  CHECK(build_pairs(explorations(paths), {}, rules).pairs.at(0).rejected == Side{2, 0, 2});
  const std::vector<Path> turned = {path(1, 0, 0, 0, rambling), path(2, 1, 0, 1, {"a"})};
  rules.lose_cap = 10;
  rules.symmetric = true;
  CHECK(build_pairs(explorations(turned), {}, rules).pairs.at(0).rejected == Side{1, 0, 6});
}

TEST_CASE("pairs with an empty message are left out where the rules say so", "[ipr][pairs]") {
  std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b"}), path(2, 1, 0, 0, {"x", "y"})};
  paths[1].own[1] = {"", ""};
  PairRules rules;
  CHECK(build_pairs(explorations(paths), {}, rules).pairs.size() == 1);
  rules.skip_empty_messages = true;
  CHECK(build_pairs(explorations(paths), {}, rules).pairs.empty());
}

TEST_CASE("an agent that says nothing, or only what the expert says, makes no pair", "[ipr][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 0, 1, {"a", "b"}), path(2, 1, 0, 0, {"a"}), path(3, 1, 1, 0, {}),
                                   path(4, 1, 2, 0, {"late"}), path(5, 99, 0, 0, {"orphan"})};
  const PairSet set = build_pairs(explorations(paths), {}, PairRules());
  CHECK(set.pairs.empty());
}

TEST_CASE("the best known trajectory is the expert's unless the agent's is strictly better", "[ipr][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 0, 0.8, {"a"}), path(2, 1, 0, 0.8, {"b"}), path(3, 1, 0, 0.9, {"c"}),
                                   path(4, 1, 0, 0.9, {"d"})};
  const std::vector<Exploration> all = explorations(paths);
  CHECK(best_known(all.at(0)).id == 3);
  const std::vector<Path> equal(paths.begin(), paths.begin() + 2);
  CHECK(best_known(explorations(equal).at(0)).id == 1);
}

namespace {

struct World {
  std::vector<Path> paths;
  StepRewards rewards;  // of every step of every trajectory
};

// Experts of 1 to 6 turns with explorations from every prefix, words and outcomes from few values so that all ties
// occur.
World random_world(std::uint64_t seed) {
  ipr::Rng rng(seed);
  World world;
  std::uint64_t id = 0;
  const auto words = [&](std::size_t n) {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < n; ++i) made.push_back(std::string(1, static_cast<char>('a' + rng.below(3))));
    return made;
  };
  for (int task = 0; task < 6; ++task) {
    const std::uint64_t expert = ++id;
    const std::size_t length = 1 + rng.below(6);
    world.paths.push_back(path(expert, 0, 0, 0.1 * static_cast<double>(5 + rng.below(6)), words(length)));
    for (std::size_t prefix = 0; prefix < length; ++prefix) {
      world.paths.push_back(path(++id, expert, prefix, 0.1 * static_cast<double>(rng.below(11)), words(rng.below(6))));
      if (rng.below(5) == 0 && !world.paths.back().own.empty()) world.paths.back().own[0].action.clear();
    }
  }
  for (const Path& p : world.paths) {
    for (std::size_t turn = 0; turn < p.turn_count(); ++turn) {
      world.rewards[{p.id, turn}] = 0.1 * static_cast<double>(rng.below(11));
    }
  }
  return world;
}

PairRules random_rules(std::uint64_t seed) {
  ipr::Rng rng(seed);
  PairRules rules;
  rules.threshold = 0.1 * static_cast<double>(rng.below(5));
  rules.kappa = 0.01 * static_cast<double>(rng.below(20));
  rules.symmetric = rng.below(2) == 0;
  rules.from_deviation = rng.below(2) == 0;
  rules.first_step_turn = 1 + rng.below(3);
  rules.skip_equal_actions = rng.below(2) == 0;
  rules.skip_empty_messages = rng.below(2) == 0;
  rules.lose_cap = static_cast<std::int64_t>(rng.below(6)) - 1;
  return rules;
}

StepRewards only(const StepRewards& rewards, const std::vector<Step>& steps) {
  StepRewards some;
  for (const Step& step : steps) some[step] = rewards.at(step);
  return some;
}

}  // namespace

TEST_CASE("asking lazily for step rewards makes the same pairs as asking for all", "[ipr][pairs]") {
  std::size_t pairs = 0, asked = 0, all_steps = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    const PairRules rules = random_rules(seed + 1000);
    const std::vector<Exploration> all = explorations(world.paths);
    const std::vector<Step> lazy = steps_to_score(all, rules, true), eager = steps_to_score(all, rules, false);
    const PairSet from_lazy = build_pairs(all, only(world.rewards, lazy), rules);
    REQUIRE(from_lazy.pairs == build_pairs(all, only(world.rewards, eager), rules).pairs);
    CHECK(lazy.size() <= 2 * from_lazy.counts.candidates);
    CHECK(std::set<Step>(lazy.begin(), lazy.end()).size() == lazy.size());
    CHECK(std::includes(eager.begin(), eager.end(), lazy.begin(), lazy.end()));
    pairs += from_lazy.pairs.size();
    asked += lazy.size();
    all_steps += eager.size();
  }
  CHECK(pairs > 2000);
  CHECK(asked < all_steps);
}

TEST_CASE("pairs do not depend on the order in which trajectories arrive, and have unique names", "[ipr][pairs]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    World world = random_world(seed);
    const PairRules rules = random_rules(seed);
    const PairSet expected = build_pairs(explorations(world.paths), world.rewards, rules);
    ipr::Rng rng(seed);
    rng.shuffle(world.paths);
    REQUIRE(build_pairs(explorations(world.paths), world.rewards, rules).pairs == expected.pairs);
    std::set<std::tuple<int, std::uint64_t, std::size_t, std::uint64_t>> names;
    for (const Pair& pair : expected.pairs) {
      CHECK(names.insert({pair.tag, pair.expert, pair.turn, pair.rival}).second);
      CHECK(pair.chosen.first < pair.chosen.last);
      CHECK(pair.rejected.first < pair.rejected.last);
      CHECK(pair.chosen.first == pair.rejected.first);
    }
  }
}

TEST_CASE("without the filter every step candidate is a pair and no step reward is read", "[ipr][pairs]") {
  PairRules rules = released();
  rules.filter = Filter::kOff;
  const WorkedExample example;
  const auto all = explorations(example.paths);
  CHECK(steps_to_score(all, rules, true).empty());
  const PairSet set = build_pairs(all, {}, rules);
  CHECK(set.counts.outcome_pairs == 2);
  CHECK(set.counts.step_pairs == 5);
  CHECK(set.counts.candidates == 5);
  REQUIRE(find(set, kStepPair, 112) != nullptr);  // equal step rewards: the filter would drop it
  CHECK_FALSE(find(set, kStepPair, 112)->agent_wins);
  REQUIRE(find(set, kStepPair, 92) != nullptr);
  CHECK(find(set, kStepPair, 92)->agent_wins);  // the better outcome
}

TEST_CASE("step rewards alone choose the winner among the same candidates", "[ipr][pairs]") {
  PairRules rules = released();
  rules.filter = Filter::kStep;
  WorkedExample example;
  example.rewards[{72, 1}] = 0.95;  // the agent's worse outcome, the better step
  const PairSet set = example.pairs(rules);
  CHECK(set.counts.candidates == 5);
  CHECK(set.counts.step_pairs == 3);
  REQUIRE(find(set, kStepPair, 72) != nullptr);
  CHECK(find(set, kStepPair, 72)->agent_wins);
  CHECK(find(set, kStepPair, 72)->chosen == Side{72, 1, 3});
  CHECK(find(set, kStepPair, 112) == nullptr);  // no gap, no pair
  rules.filter = Filter::kOn;
  CHECK(find(example.pairs(rules), kStepPair, 72) == nullptr);
  rules.filter = Filter::kStep;
  rules.symmetric = false;  // the agent never wins
  CHECK(example.pairs(rules).counts.agent_wins == 0);
}

TEST_CASE("single-action step pairs hold turn t alone; outcome pairs stay whole", "[ipr][pairs]") {
  PairRules rules = released();
  rules.single_actions = true;
  const PairSet set = WorkedExample().pairs(rules);
  CHECK(set.counts.step_pairs == 3);
  CHECK(find(set, kStepPair, 72)->chosen == Side{7, 1, 2});
  CHECK(find(set, kStepPair, 72)->rejected == Side{72, 1, 2});
  CHECK(find(set, kStepPair, 92)->chosen == Side{92, 1, 2});
  CHECK(find(set, kOutcomePair, 71)->chosen == Side{7, 0, 4});
}

TEST_CASE("leaving out one kind of pairs changes nothing of the other", "[ipr][pairs]") {
  PairRules both = released(), outcomes = released(), steps = released();
  outcomes.step_pairs = false;
  steps.outcome_pairs = false;
  for (PairRules* rules : {&both, &outcomes, &steps}) rules->from_deviation = true;
  const WorkedExample example;
  const auto of_kind = [](const PairSet& set, PairTag tag) {
    std::vector<Pair> pairs;
    for (const Pair& pair : set.pairs) {
      if (pair.tag == tag) pairs.push_back(pair);
    }
    return pairs;
  };
  const PairSet whole = example.pairs(both);
  CHECK(example.pairs(outcomes).pairs == of_kind(whole, kOutcomePair));
  CHECK(example.pairs(steps).pairs == of_kind(whole, kStepPair));
  CHECK(steps_to_score(explorations(example.paths), outcomes, true).empty());
  CHECK(steps_to_score(explorations(example.paths), steps, true) ==
        steps_to_score(explorations(example.paths), both, true));
}

TEST_CASE("contests: who must be ahead is who has the better outcome, or either where step rewards alone choose",
          "[ipr][pairs]") {
  const std::vector<Path> paths = {path(1, 0, 0, 0.7, {"a", "b", "c"}), path(2, 1, 1, 0.2, {"x"}),
                                   path(3, 1, 2, 1.0, {"y"})};
  const auto all = explorations(paths);
  PairRules rules = released();
  CHECK(contests(all, rules) == std::vector<Contest>{{{1, 1}, {2, 1}}, {{3, 2}, {1, 2}}});
  rules.filter = Filter::kStep;
  CHECK(contests(all, rules) == std::vector<Contest>{{{1, 1}, {2, 1}, true}, {{1, 2}, {3, 2}, true}});
  rules.symmetric = false;
  CHECK(contests(all, rules) == std::vector<Contest>{{{1, 1}, {2, 1}}});
  rules.filter = Filter::kOff;
  CHECK(contests(all, rules).empty());
}
