// Step rewards: what the optimizer wants scored, asked of the scorer once per (history, action) and never again.
#include "core/loop/run_state.h"

namespace ipr::loop {

Status Run::score_wanted(OptimizerPlugin& optimizer, int iteration) {
  IPR_ASSIGN(const std::vector<Query> wanted, optimizer.wanted());
  if (wanted.empty()) return {};
  // Equal histories have equal values: ask for the first of each, unless an earlier iteration has the answer.
  std::vector<Query> to_ask;
  std::map<std::uint64_t, std::size_t> asked;  // prefix hash -> index in to_ask
  const auto key_of = [&](const Query& query) {
    return rollout::prefix_hash(*book_.at(query.trajectory_id), query.turn + 1);
  };
  for (const Query& query : wanted) {
    if (book_.count(query.trajectory_id) == 0)
      return plugin_error("the optimizer wants a score of trajectory " + std::to_string(query.trajectory_id) +
                          ", which is none of the host's");
    const std::uint64_t key = key_of(query);
    if (score_cache_.count(key) == 0 && asked.emplace(key, to_ask.size()).second) to_ask.push_back(query);
  }
  IPR_ASSIGN(const std::vector<Score> answers, ask_scorer(to_ask, iteration));
  for (const auto& [key, index] : asked) score_cache_[key] = answers[index];
  IPR_ASSIGN(store::Unit unit, store_->begin());
  const std::string hash = scorer_->config_hash();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Score& score = score_cache_.at(key_of(wanted[i]));
    IPR_TRY(optimizer.scored(i, score));
    IPR_TRY(store_->put_score({static_cast<std::int64_t>(wanted[i].trajectory_id),
                               static_cast<std::int32_t>(wanted[i].turn), scorer_->id(), hash, score.value,
                               score.variance, score.samples}));
  }
  return unit.commit();
}

std::optional<double> Run::step_reward(std::int64_t episode_id, std::int32_t turn) const {
  const rollout::Trajectory& trajectory = *book_.at(static_cast<std::uint64_t>(episode_id));
  const auto found = score_cache_.find(rollout::prefix_hash(trajectory, static_cast<std::size_t>(turn) + 1));
  return found == score_cache_.end() ? std::nullopt : std::optional(found->second.value);
}

Result<std::vector<Score>> Run::ask_scorer(const std::vector<Query>& queries, int iteration) {
  if (queries.empty()) return std::vector<Score>();
  const std::unique_ptr<rollout::Player> player = player_for(*base_);
  const rollout::GeneratorCounters before = base_->generator->counters();
  const auto began = std::chrono::steady_clock::now();
  progress_.begin("iteration " + std::to_string(iteration) + ": score", "rollouts", 0);
  service_ = std::make_unique<rollout::RolloutService>(*player, book_, config_.seed, [&](std::size_t done) {
    progress_.update(done, std::to_string(queries.size()) + " steps");
  });
  Result<std::vector<Score>> answers = scorer_->score(queries, book_, config_.seed, [this] { return stop_.load(); });
  const std::vector<rollout::Trajectory> rollouts = service_->take_finished();
  service_.reset();
  IPR_TRY(interrupted());  // says how to go on
  if (!answers.ok()) return answers;
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (const rollout::Trajectory& rollout : rollouts) {
    IPR_ASSIGN([[maybe_unused]] const std::int64_t id,
               store_->add_episode(to_episode(rollout, store::kMonteCarlo, iteration, 0, base_->name)));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  IPR_TRY(add_cost(iteration, store::kMonteCarlo, before, base_->generator->counters(), rollouts.size(), seconds));
  IPR_TRY(unit.commit());
  progress_.finish(std::to_string(queries.size()) + " steps by " + std::to_string(rollouts.size()) + " rollouts");
  return answers;
}

}  // namespace ipr::loop
