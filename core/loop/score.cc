// Step rewards: what the optimizer wants scored, asked of the scorer once per (history, action) and never again.
#include <bit>
#include <set>

#include "core/base/rng.h"
#include "core/loop/run_state.h"

namespace ipr::loop {
namespace {
// Steps asked of the scorer in one unit of work: the rollouts of a few dozen steps keep the model's batch full, and a
// killed process loses no more.
constexpr std::size_t kStepsPerUnit = 32;
}  // namespace

Status Run::score_wanted(OptimizerPlugin& optimizer, int iteration) {
  rewards_.clear();
  IPR_ASSIGN(const std::vector<Query> wanted, optimizer.wanted());
  if (wanted.empty()) return {};
  for (const Query& query : wanted) {
    if (book_.count(query.trajectory_id) == 0)
      return plugin_error("the optimizer wants a score of trajectory " + std::to_string(query.trajectory_id) +
                          ", which is none of the host's");
  }
  const std::string stage = stage_name(iteration, "score");
  IPR_ASSIGN(const bool recorded, store_->stage_done(stage));
  if (!recorded) {
    IPR_TRY(take_scores(wanted, iteration));
    IPR_TRY(score_rest(units_to_score(wanted), iteration));
  }
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Score& score = score_cache_.at(key_of(wanted[i]));
    rewards_[wanted[i]] = score.value;
    IPR_TRY(optimizer.scored(i, score));
    if (!recorded) IPR_TRY(put_score(wanted[i], score));
  }
  if (!recorded) IPR_TRY(store_->mark_done(stage));
  return unit.commit();
}

// With their rollouts, which count as if they had been played here, but for the tokens and the time.
Status Run::take_scores(const std::vector<Query>& wanted, int iteration) {
  if (config_.scores_from.empty() || scorer_->reads_rivals()) return {};
  if (!taken_) {
    IPR_ASSIGN(TakenScores taken, TakenScores::open(config_.scores_from, *scorer_, base_->sha256, scorer_models(),
                                                    [this](const std::string& id) { return train_task(id); }));
    taken_.emplace(std::move(taken));
  }
  IPR_ASSIGN(store::Unit unit, store_->begin());
  store::Cost cost;
  cost.iteration = iteration;
  cost.stage = store::kMonteCarlo;
  std::size_t steps = 0;
  for (const Query& query : wanted) {
    const std::uint64_t history = key_of(query);
    if (score_cache_.count(history) > 0 || !taken_->has(history)) continue;
    IPR_ASSIGN(TakenScores::Taken taken, taken_->take(history));
    for (store::Episode& rollout : taken.rollouts) {
      rollout.id = 0;  // the record gives its own
      rollout.iteration = iteration;
      rollout.parent_id = static_cast<std::int64_t>(query.trajectory_id);
      IPR_TRY(store_->add_episode(rollout).status());
    }
    score_cache_[history] = taken.score;
    IPR_TRY(put_score(query, taken.score));
    cost.rollouts += static_cast<std::int64_t>(taken.rollouts.size());
    ++steps;
  }
  if (steps == 0) return {};
  IPR_TRY(store_->add_cost(cost));
  progress_.say("iteration " + std::to_string(iteration) + ": " + std::to_string(steps) + " step scores taken from " +
                config_.scores_from);
  return unit.commit();
}

// Equal histories have equal values: the first of each is asked, unless the record has the answer. A step and its rival
// are asked in one unit, also where one of them was asked before: the scorer looks at both.
std::vector<std::vector<Query>> Run::units_to_score(const std::vector<Query>& wanted) const {
  std::map<Place, const Query*> by_place;
  for (const Query& query : wanted) by_place.emplace(query, &query);
  std::vector<std::vector<Query>> units;
  std::set<std::uint64_t> asked, in_unit;
  for (const Query& query : wanted) {
    if (score_cache_.count(key_of(query)) > 0 || asked.count(key_of(query)) > 0) continue;
    if (units.empty() || units.back().size() >= kStepsPerUnit) {
      units.emplace_back();
      in_unit.clear();
    }
    for (const Query* next = &query; next != nullptr && in_unit.insert(key_of(*next)).second;) {
      asked.insert(key_of(*next));
      units.back().push_back(*next);
      next = next->rival && scorer_->reads_rivals() ? by_place.at(*next->rival) : nullptr;
    }
  }
  return units;
}

std::uint64_t Run::key_of(const Query& query) const {
  const auto history = [this](const Place& place) {
    return rollout::prefix_hash(*book_.at(place.trajectory_id), place.turn + 1);
  };
  if (!query.rival || !scorer_->reads_rivals()) return history(query);
  return mix(history(query), history(*query.rival), std::bit_cast<std::uint64_t>(query.margin), query.flags);
}

Status Run::put_score(const Query& query, const Score& score) {
  store::StepScore record = {static_cast<std::int64_t>(query.trajectory_id),
                             static_cast<std::int32_t>(query.turn),
                             scorer_->id(),
                             scorer_->config_hash(),
                             score.value,
                             score.variance,
                             score.samples,
                             score.low,
                             score.high};
  if (query.rival && scorer_->reads_rivals()) {
    record.rival_id = static_cast<std::int64_t>(query.rival->trajectory_id);
    record.rival_turn = static_cast<std::int32_t>(query.rival->turn);
    record.margin = query.margin;
    record.question = static_cast<std::int32_t>(query.flags);
  }
  return store_->put_score(record);
}

std::optional<double> Run::step_reward(std::int64_t episode_id, std::int32_t turn) const {
  const Place place{static_cast<std::uint64_t>(episode_id), static_cast<std::size_t>(turn)};
  if (const auto wanted = rewards_.find(place); wanted != rewards_.end()) return wanted->second;
  const auto cached = score_cache_.find(key_of(Query{place}));  // an equal history's
  return cached == score_cache_.end() ? std::nullopt : std::optional(cached->second.value);
}

Status Run::score_rest(const std::vector<std::vector<Query>>& units, int iteration) {
  std::size_t total = 0, before = 0, rollouts = 0;
  for (const std::vector<Query>& unit : units) total += unit.size();
  if (total == 0) return {};
  goes_on(iteration, "score, " + std::to_string(total) + " steps left");
  progress_.begin("iteration " + std::to_string(iteration) + ": score", "steps", total);
  for (const std::vector<Query>& unit : units) {
    IPR_TRY(interrupted());
    IPR_TRY(score_unit(unit, iteration, before, rollouts));
    before += unit.size();
  }
  progress_.finish(std::to_string(total) + " steps by " + std::to_string(rollouts) + " rollouts");
  return {};
}

// `before`: steps scored so far. A unit that is begun is ended, also after the signal to stop.
Status Run::score_unit(const std::vector<Query>& queries, int iteration, std::size_t before, std::size_t& rollouts) {
  static const std::atomic<bool> kNever{false};
  rollout::Generator& generator = rollout_model_ ? rollout_model_->generator() : *base_->generator;
  rollout::Player player(*config_.environment, rollout_model_ ? rollout_model_->dialogue() : *dialogue_, generator,
                         *snapshots_, env_seed_, config_.max_steps, config_.threads, kNever);
  rollout::RolloutService::Reads reads;
  if (rollout_model_ && !rollout_model_->speaks_like(*speech_))
    reads = [this](const rollout::Trajectory& trajectory) { return rollout_model_->read(trajectory); };
  const rollout::GeneratorCounters counters = generator.counters();
  const auto began = std::chrono::steady_clock::now();
  const auto report = [&](std::size_t done) {
    progress_.update(before, std::to_string(rollouts + done) + " rollouts");
  };
  service_ = std::make_unique<rollout::RolloutService>(player, book_, config_.seed, report,
                                                       scorer_->reads_rivals() ? &memo_ : nullptr, std::move(reads));
  const Result<std::vector<Score>> answers = scorer_->score(queries, book_, config_.seed, [] { return false; });
  const std::vector<rollout::Trajectory> played = service_->take_finished();
  service_.reset();
  if (rollout_model_) rollout_model_->forget();
  const std::string& player_name = rollout_model_ ? rollout_model_->name() : base_->name;
  IPR_TRY(answers.ok() ? Status() : answers.status());
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (const rollout::Trajectory& rollout : played) {
    IPR_ASSIGN([[maybe_unused]] const std::int64_t id,
               store_->add_episode(to_episode(rollout, store::kMonteCarlo, iteration, 0, player_name)));
  }
  for (std::size_t i = 0; i < queries.size(); ++i) {
    score_cache_[key_of(queries[i])] = (*answers)[i];
    IPR_TRY(put_score(queries[i], (*answers)[i]));
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  IPR_TRY(store_->add_cost(
      cost_between(iteration, store::kMonteCarlo, counters, generator.counters(), played.size(), seconds)));
  rollouts += played.size();
  return unit.commit();
}

}  // namespace ipr::loop
