// Contrastive pairs (paper, section 3.3; decided rules: ipr-pipeline.md sections 7 and 12).
//
// For one expert trajectory e = a_1 o_1 … a_n and the agent's greedy trajectories X_t that share its first t-1 turns:
//
//   D_t  compares e with X_1 by outcome reward;
//   D_s  compares the rests of e and of X_t from turn t on by outcome reward AND by step reward r_s of their turn t.
//
// Which of the two conditions of D_s is left out, whether the sides are cut to their first turn and which kinds of
// pairs are made at all is a setting each, for controls.
//
// Pure functions over value types: no host, no model. The result depends only on the arguments, not on their order.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "ipr/paths.hpp"

namespace ipr_optimizer {

using ipr::sdk::best_known;
using ipr::sdk::exceeds;
using ipr::sdk::Exploration;
using ipr::sdk::explorations;
using ipr::sdk::Path;
using ipr::sdk::Side;
using Turn = ipr::sdk::PathTurn;

// What decides a step candidate: a comparison of D_s whose outcomes differ by more than kappa.
enum class Filter {
  kOn,   // the better outcome wins if its step reward is better, too, by more than tau (the paper)
  kOff,  // the better outcome wins; no step reward is read
  kStep  // the better step reward wins by more than tau, whatever the outcomes say
};

struct PairRules {
  bool outcome_pairs = true, step_pairs = true;  // the kinds that are made; each kind's are the same without the other
  Filter filter = Filter::kOn;
  bool single_actions = false;                      // D_s: turn t alone on both sides; else all from turn t on
  double threshold = 0.01;                          // tau: by how much the step rewards must differ
  std::map<std::uint64_t, double> thresholds = {};  // the same of a trajectory whose environment has its own
  double kappa = 0.01;                              // by how much the outcomes must differ
  bool symmetric = false;                           // the agent may win, too
  bool from_deviation = true;       // D_t: both sides from the first turn in which they differ; else whole trajectories
  std::size_t first_step_turn = 2;  // D_s: the first t compared, counted from 1
  bool skip_equal_actions = true;   // D_s: no pair whose first actions are the same
  bool skip_empty_messages = false;  // no pair of trajectories that hold an empty message
  std::int64_t lose_cap = 10;  // the losing side has at most this many messages more than the winning one; -1: any

  [[nodiscard]] double threshold_of(std::uint64_t trajectory) const {
    const auto found = thresholds.find(trajectory);
    return found == thresholds.end() ? threshold : found->second;
  }
};

// Names the step reward r_s of a turn, counted from 0.
struct Step {
  std::uint64_t trajectory = 0;
  std::size_t turn = 0;
  auto operator<=>(const Step&) const = default;
};
using StepRewards = std::map<Step, double>;

// Two steps whose rewards decide over a pair: one is made if `ahead` is above `behind` by more than tau.
struct Contest {
  Step ahead, behind;
  bool either = false;  // or the other way round
  bool operator==(const Contest&) const = default;
};

enum PairTag : std::uint32_t { kOutcomePair = 0, kStepPair = 1 };

// (tag, expert, turn, rival) is unique: the composite name of a pair.
struct Pair {
  PairTag tag = kOutcomePair;
  std::uint64_t expert = 0;  // trajectory
  std::uint64_t rival = 0;   // the agent's trajectory
  std::size_t turn = 1;      // t, counted from 1: the first turn of both sides
  bool agent_wins = false;
  Side chosen, rejected;
  double gap = 0;  // by how much the winner is ahead: in outcome, for a step pair in step reward (0 where none is read)
  bool operator==(const Pair&) const = default;
};

struct PairCounts {
  std::size_t outcome_pairs = 0;  // |D_t|
  std::size_t step_pairs = 0;     // |D_s|
  std::size_t agent_wins = 0;     // of both
  std::size_t candidates = 0;     // step comparisons whose outcomes differ: all but the step rewards is decided
  std::size_t ties = 0;           // comparisons of either kind that made no pair
};

struct PairSet {
  std::vector<Pair> pairs;  // by expert, then t, D_t before D_s
  PairCounts counts;
};

// The steps whose reward `build_pairs` may read, each once. `lazy`: only those of comparisons that can still form a
// pair, so none without step pairs or with Filter::kOff; else every step of every expert and the first own step of
// every agent trajectory. Both lead to the same pairs.
[[nodiscard]] std::vector<Step> steps_to_score(const std::vector<Exploration>& all, const PairRules& rules, bool lazy);

// The comparisons that those rewards decide, by expert, then t. None with Filter::kOff.
[[nodiscard]] std::vector<Contest> contests(const std::vector<Exploration>& all, const PairRules& rules);

// Throws std::out_of_range if `rewards` lacks a step that steps_to_score(all, rules, true) names.
[[nodiscard]] PairSet build_pairs(const std::vector<Exploration>& all, const StepRewards& rewards,
                                  const PairRules& rules);

}  // namespace ipr_optimizer
