#include "contrast.h"

#include <algorithm>
#include <utility>

namespace eto_optimizer {
namespace {

using ipr::sdk::Exploration;
using ipr::sdk::Path;
using ipr::sdk::PathTurn;
using ipr::sdk::Side;

bool says_the_same(const Path& a, const Path& b) {
  return std::equal(a.own.begin(), a.own.end(), b.own.begin(), b.own.end(),
                    [](const PathTurn& x, const PathTurn& y) { return x.message == y.message; });
}

bool is_repeated(const Exploration& exploration, std::size_t i) {
  const auto end = exploration.agent.begin() + static_cast<std::ptrdiff_t>(i);
  return std::any_of(exploration.agent.begin(), end,
                     [&](const Path* earlier) { return says_the_same(*earlier, *exploration.agent[i]); });
}

// 1 the expert, -1 the agent, 0: no pair.
int winner(const Path& expert, const Path& agent, std::size_t first, const ContrastRules& rules) {
  if (first >= expert.turn_count() || first >= agent.turn_count()) return 0;  // one says nothing of its own
  if (rules.skip_empty_messages && (ipr::sdk::has_empty_message(expert) || ipr::sdk::has_empty_message(agent))) {
    return 0;
  }
  return ipr::sdk::winner_by(expert.outcome - agent.outcome, rules.kappa, rules.symmetric);
}

Contrast make_contrast(const Path& expert, const Path& agent, std::size_t first, bool agent_wins,
                       const ContrastRules& rules) {
  const Side ours{expert.id, first, expert.turn_count()};
  Side theirs{agent.id, first, agent.turn_count()};
  if (agent_wins) return {expert.id, agent.id, true, theirs, ours};
  ipr::sdk::cap_side(theirs, ours, rules.lose_cap);
  return {expert.id, agent.id, false, ours, theirs};
}

}  // namespace

ContrastSet contrasts(const std::vector<Exploration>& all, const ContrastRules& rules) {
  ContrastSet set;
  for (const Exploration& exploration : all) {
    const Path& expert = *exploration.expert;
    for (std::size_t i = 0; i < exploration.agent.size(); ++i) {
      const Path& agent = *exploration.agent[i];
      if (is_repeated(exploration, i)) {
        ++set.repeated;
        continue;
      }
      // The turns that both sides say alike weigh the same in both, so they may as well be context.
      const std::size_t first = rules.from_deviation ? ipr::sdk::first_deviation(expert, agent) : 0;
      const int who = winner(expert, agent, first, rules);
      if (who == 0) {
        ++set.ties;
        continue;
      }
      set.pairs.push_back(make_contrast(expert, agent, first, who < 0, rules));
      if (who < 0) ++set.agent_wins;
    }
  }
  return set;
}

}  // namespace eto_optimizer
