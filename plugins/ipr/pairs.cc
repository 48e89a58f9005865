#include "pairs.h"

#include <algorithm>
#include <optional>

namespace ipr_optimizer {
namespace {

using ipr::sdk::first_deviation;
using ipr::sdk::has_empty_message;
using ipr::sdk::winner_by;

// Actions that were not parsed are no evidence of equality; equal messages are.
bool equal_actions(const Turn& a, const Turn& b) {
  return a.message == b.message || (!a.action.empty() && a.action == b.action);
}

// The comparisons that one expert's exploration calls for, before any reward is looked at.
struct Comparison {
  const Path* agent;
  PairTag tag;
  std::size_t first;  // turn, counted from 0
};

std::vector<Comparison> comparisons(const Exploration& exploration, const PairRules& rules) {
  const Path& expert = *exploration.expert;
  std::vector<Comparison> found;
  std::optional<std::size_t> deviation;
  for (const Path* agent : exploration.agent) {
    const std::size_t turn = agent->prefix;
    if (turn >= expert.turn_count() || agent->own.empty()) continue;  // nothing said there
    const bool skipped = rules.skip_empty_messages && (has_empty_message(expert) || has_empty_message(*agent));
    if (turn == 0) {
      if (!deviation) deviation = first_deviation(expert, *agent);
      // Greedy play is the same up to the deviation, so the outcome pair moves there and is never lost.
      const std::size_t first = rules.from_deviation ? first_deviation(expert, *agent) : 0;
      if (rules.outcome_pairs && !skipped && first < expert.turn_count() && first < agent->turn_count()) {
        found.push_back({agent, kOutcomePair, first});
      }
    }
    if (!rules.step_pairs || turn + 1 < rules.first_step_turn || skipped) continue;
    if (rules.from_deviation && deviation == turn) continue;  // it would repeat the outcome pair
    if (rules.skip_equal_actions && equal_actions(expert.own[turn], agent->own[0])) continue;
    found.push_back({agent, kStepPair, turn});
  }
  return found;
}

int outcome_winner(const Path& expert, const Path& agent, const PairRules& rules) {
  return winner_by(expert.outcome - agent.outcome, rules.kappa, rules.symmetric);
}

// Who wins a candidate that `by_outcome` wins by outcome. `gap`: expert minus agent in step reward.
int candidate_winner(int by_outcome, double gap, const PairRules& rules) {
  if (rules.filter == Filter::kOff) return by_outcome;
  if (rules.filter == Filter::kStep) return winner_by(gap, rules.threshold, rules.symmetric);
  return exceeds(by_outcome * gap, rules.threshold) ? by_outcome : 0;
}

Pair make_pair(const Path& expert, const Comparison& comparison, double gap, bool agent_wins, const PairRules& rules) {
  const std::size_t first = comparison.first;
  Side ours{expert.id, first, expert.turn_count()};
  Side theirs{comparison.agent->id, first, comparison.agent->turn_count()};
  if (comparison.tag == kStepPair && rules.single_actions) ours.last = theirs.last = first + 1;
  Pair pair{comparison.tag, expert.id, comparison.agent->id, first + 1, agent_wins, ours, theirs, gap};
  if (agent_wins) {
    std::swap(pair.chosen, pair.rejected);
    pair.gap = -gap;
  }
  ipr::sdk::cap_side(pair.rejected, pair.chosen, rules.lose_cap);
  return pair;
}

}  // namespace

std::vector<Contest> contests(const std::vector<Exploration>& all, const PairRules& rules) {
  std::vector<Contest> found;
  if (rules.filter == Filter::kOff) return found;
  for (const Exploration& exploration : all) {
    const Path& expert = *exploration.expert;
    for (const Comparison& comparison : comparisons(exploration, rules)) {
      const int winner = outcome_winner(expert, *comparison.agent, rules);
      if (comparison.tag != kStepPair || winner == 0) continue;
      const bool by_step = rules.filter == Filter::kStep;
      Contest contest{{expert.id, comparison.first}, {comparison.agent->id, comparison.first}};
      if (!by_step && winner < 0) std::swap(contest.ahead, contest.behind);
      contest.either = by_step && rules.symmetric;
      found.push_back(contest);
    }
  }
  return found;
}

std::vector<Step> steps_to_score(const std::vector<Exploration>& all, const PairRules& rules, bool lazy) {
  std::vector<Step> steps;
  for (const Exploration& exploration : all) {
    const Path& expert = *exploration.expert;
    std::vector<Step> here;
    if (lazy) {
      for (const Comparison& comparison : comparisons(exploration, rules)) {
        if (comparison.tag != kStepPair || rules.filter == Filter::kOff) continue;
        if (outcome_winner(expert, *comparison.agent, rules) == 0) continue;
        here.push_back({expert.id, comparison.first});
        here.push_back({comparison.agent->id, comparison.first});
      }
    } else {
      for (std::size_t turn = 0; turn < expert.turn_count(); ++turn) here.push_back({expert.id, turn});
      for (const Path* agent : exploration.agent) {
        if (!agent->own.empty()) here.push_back({agent->id, agent->prefix});
      }
    }
    std::sort(here.begin(), here.end());
    here.erase(std::unique(here.begin(), here.end()), here.end());
    steps.insert(steps.end(), here.begin(), here.end());
  }
  return steps;
}

PairSet build_pairs(const std::vector<Exploration>& all, const StepRewards& rewards, const PairRules& common) {
  PairSet set;
  PairRules rules = common;
  for (const Exploration& exploration : all) {
    const Path& expert = *exploration.expert;
    rules.threshold = common.threshold_of(expert.id);
    for (const Comparison& comparison : comparisons(exploration, rules)) {
      const Path& agent = *comparison.agent;
      int winner = outcome_winner(expert, agent, rules);
      double gap = expert.outcome - agent.outcome;
      if (comparison.tag == kStepPair && winner != 0) {
        ++set.counts.candidates;
        gap = rules.filter == Filter::kOff
                  ? 0
                  : rewards.at({expert.id, comparison.first}) - rewards.at({agent.id, comparison.first});
        winner = candidate_winner(winner, gap, rules);
      }
      if (winner == 0) {
        ++set.counts.ties;
        continue;
      }
      set.pairs.push_back(make_pair(expert, comparison, gap, winner < 0, rules));
      ++(comparison.tag == kOutcomePair ? set.counts.outcome_pairs : set.counts.step_pairs);
      if (winner < 0) ++set.counts.agent_wins;
    }
  }
  return set;
}

}  // namespace ipr_optimizer
