// Step rewards: what the optimizer wants scored, asked of the scorer once per (history, action) and never again.
#include <algorithm>
#include <set>

#include "core/loop/run_state.h"

namespace ipr::loop {
namespace {
// Steps asked of the scorer in one unit of work: the rollouts of a few dozen steps keep the model's batch full, and a
// killed process loses no more.
constexpr std::size_t kStepsPerUnit = 32;
}  // namespace

Status Run::score_wanted(OptimizerPlugin& optimizer, int iteration) {
  IPR_ASSIGN(const std::vector<Query> wanted, optimizer.wanted());
  if (wanted.empty()) return {};
  // Equal histories have equal values: ask for the first of each, unless the record has the answer.
  std::vector<Query> to_ask;
  std::set<std::uint64_t> asked;
  for (const Query& query : wanted) {
    if (book_.count(query.trajectory_id) == 0)
      return plugin_error("the optimizer wants a score of trajectory " + std::to_string(query.trajectory_id) +
                          ", which is none of the host's");
    const std::uint64_t key = key_of(query);
    if (score_cache_.count(key) == 0 && asked.insert(key).second) to_ask.push_back(query);
  }
  const std::string stage = stage_name(iteration, "score");
  IPR_ASSIGN(const bool recorded, store_->stage_done(stage));
  if (!recorded) IPR_TRY(score_rest(to_ask, iteration));
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Score& score = score_cache_.at(key_of(wanted[i]));
    IPR_TRY(optimizer.scored(i, score));
    if (!recorded) IPR_TRY(put_score(wanted[i], score));
  }
  if (!recorded) IPR_TRY(store_->mark_done(stage));
  return unit.commit();
}

std::uint64_t Run::key_of(const Query& query) const {
  return rollout::prefix_hash(*book_.at(query.trajectory_id), query.turn + 1);
}

Status Run::put_score(const Query& query, const Score& score) {
  return store_->put_score({static_cast<std::int64_t>(query.trajectory_id), static_cast<std::int32_t>(query.turn),
                            scorer_->id(), scorer_->config_hash(), score.value, score.variance, score.samples});
}

std::optional<double> Run::step_reward(std::int64_t episode_id, std::int32_t turn) const {
  const auto found =
      score_cache_.find(key_of({static_cast<std::uint64_t>(episode_id), static_cast<std::size_t>(turn)}));
  return found == score_cache_.end() ? std::nullopt : std::optional(found->second.value);
}

Status Run::score_rest(const std::vector<Query>& queries, int iteration) {
  if (queries.empty()) return {};
  goes_on(iteration, "score, " + std::to_string(queries.size()) + " steps left");
  progress_.begin("iteration " + std::to_string(iteration) + ": score", "steps", queries.size());
  std::size_t rollouts = 0;
  for (std::size_t at = 0; at < queries.size(); at += kStepsPerUnit) {
    IPR_TRY(interrupted());
    const std::size_t count = std::min(kStepsPerUnit, queries.size() - at);
    IPR_TRY(score_unit({queries.begin() + static_cast<std::ptrdiff_t>(at), count}, iteration, at, rollouts));
  }
  progress_.finish(std::to_string(queries.size()) + " steps by " + std::to_string(rollouts) + " rollouts");
  return {};
}

// `before`: steps scored so far. A unit that is begun is ended, also after the signal to stop.
Status Run::score_unit(std::span<const Query> queries, int iteration, std::size_t before, std::size_t& rollouts) {
  static const std::atomic<bool> kNever{false};
  rollout::Player player(*config_.environment, *dialogue_, *base_->generator, *snapshots_, env_seed_, config_.max_steps,
                         config_.threads, kNever);
  const rollout::GeneratorCounters counters = base_->generator->counters();
  const auto began = std::chrono::steady_clock::now();
  service_ = std::make_unique<rollout::RolloutService>(player, book_, config_.seed, [&](std::size_t done) {
    progress_.update(before, std::to_string(rollouts + done) + " rollouts");
  });
  const Result<std::vector<Score>> answers =
      scorer_->score(std::vector<Query>(queries.begin(), queries.end()), book_, config_.seed, [] { return false; });
  const std::vector<rollout::Trajectory> played = service_->take_finished();
  service_.reset();
  IPR_TRY(answers.ok() ? Status() : answers.status());
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (const rollout::Trajectory& rollout : played) {
    IPR_ASSIGN([[maybe_unused]] const std::int64_t id,
               store_->add_episode(to_episode(rollout, store::kMonteCarlo, iteration, 0, base_->name)));
  }
  for (std::size_t i = 0; i < queries.size(); ++i) {
    score_cache_[key_of(queries[i])] = (*answers)[i];
    IPR_TRY(put_score(queries[i], (*answers)[i]));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  IPR_TRY(store_->add_cost(
      cost_between(iteration, store::kMonteCarlo, counters, base_->generator->counters(), played.size(), seconds)));
  rollouts += played.size();
  return unit.commit();
}

}  // namespace ipr::loop
