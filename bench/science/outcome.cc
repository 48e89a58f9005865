#include "bench/science/outcome.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/base/json.h"
#include "core/report/leaderboard.h"
#include "core/store/run_store.h"

namespace ipr::bench {
namespace {

constexpr int kFirst = 1;  // iteration

Result<Gain> gain_of(const report::Leaderboard& table, const std::string& policy) {
  for (const report::Row& row : table.rows) {
    if (row.policy != policy) continue;
    return Gain{policy, row.mean, row.diff.value_or(0), row.diff_ci95.value_or(report::Interval{})};
  }
  return bad_data(policy + ": was not evaluated on test");
}

// Whether the environment calls the turn harmful; empty where it does not say. A message without an action never
// reached it, and lost a turn.
std::optional<bool> harmful(const store::Episode& episode, std::int32_t turn) {
  const auto at = static_cast<std::size_t>(turn - episode.first_turn);
  if (at >= episode.turns.size()) return std::nullopt;
  if (episode.turns[at].action.empty()) return true;
  const Json info = Json::parse(episode.turns[at].info_json, nullptr, false);
  if (!info.is_object() || !info.contains("harmful")) return std::nullopt;
  return info["harmful"].get<bool>();
}

Result<Blame> read_blame(store::RunStore& record, const std::vector<store::Pair>& pairs) {
  std::size_t known = 0, blameless = 0, clean = 0;
  for (const store::Pair& pair : pairs) {
    if (pair.kind != "step") continue;
    IPR_ASSIGN(const store::Episode winner, record.episode(pair.winner_id));
    IPR_ASSIGN(const store::Episode loser, record.episode(pair.loser_id));
    const std::optional<bool> won = harmful(winner, pair.turn), lost = harmful(loser, pair.turn);
    if (!won || !lost) continue;
    ++known;
    blameless += *lost ? 0 : 1;
    clean += !*won && *lost ? 1 : 0;
  }
  if (known == 0) return Blame();
  const auto share = [known](std::size_t part) { return static_cast<double>(part) / static_cast<double>(known); };
  return Blame{share(blameless), share(clean)};
}

Status read_costs(store::RunStore& record, CellOutcome& outcome) {
  IPR_ASSIGN(const std::vector<store::Cost> costs, record.costs());
  for (const store::Cost& cost : costs) {
    outcome.seconds += cost.seconds;
    if (cost.iteration != kFirst) continue;
    if (cost.stage == store::kExplore) outcome.played += cost.rollouts;
    if (cost.stage == store::kMonteCarlo) outcome.rollouts += cost.rollouts;
  }
  IPR_ASSIGN(const std::vector<store::Metric> losses, record.metrics("train", "loss"));
  outcome.steps = std::count_if(losses.begin(), losses.end(), [](const auto& m) { return m.iteration == kFirst; });
  store::EpisodeFilter explored;
  explored.stage = store::kExplore;
  explored.iteration = kFirst;
  std::set<std::string> goals;
  IPR_TRY(record.for_each_episode(explored, store::Turns::kSkip, [&](const store::Episode& episode) {
    goals.insert(episode.task_id);
    return Status();
  }));
  outcome.goals = static_cast<std::int64_t>(goals.size());
  return {};
}

}  // namespace

Result<CellOutcome> read_outcome(const std::string& folder) {
  IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(folder + "/run.db"));
  report::LeaderboardOptions options;
  options.splits = {"test"};
  IPR_ASSIGN(const report::Leaderboard table, report::make_leaderboard({{folder, "webshop", "", &record}}, options));
  CellOutcome outcome;
  IPR_ASSIGN(const Gain start, gain_of(table, "sft"));
  outcome.sft = start.mean;
  IPR_ASSIGN(outcome.first, gain_of(table, "iter-1"));
  IPR_ASSIGN(const std::vector<store::Policy> policies, record.policies());
  for (const store::Policy& policy : policies) {
    if (policy.chosen) {
      IPR_ASSIGN(outcome.chosen, gain_of(table, policy.name));
    }
  }
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs(kFirst));
  for (const store::Pair& pair : pairs) ++(pair.kind == "outcome" ? outcome.d_t : outcome.d_s);
  IPR_ASSIGN(outcome.blame, read_blame(record, pairs));
  IPR_TRY(read_costs(record, outcome));
  return outcome;
}

Result<Given> given_by(const std::string& folder) {
  IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(folder + "/run.db"));
  CellOutcome outcome;
  IPR_TRY(read_costs(record, outcome));
  return Given{folder, outcome.steps, outcome.played + outcome.rollouts};
}

}  // namespace ipr::bench
