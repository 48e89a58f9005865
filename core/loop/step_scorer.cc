#include "core/loop/step_scorer.h"

#include <set>

namespace ipr::loop {
namespace {

std::uint64_t key_of(const rollout::Trajectory& trajectory, std::size_t turn) {
  return rollout::prefix_hash(trajectory, turn + 1);
}

}  // namespace

Result<std::unique_ptr<StepScorer>> StepScorer::make(const PluginChoice& choice, MakeRollouts rollouts,
                                                     const env::Environment& environment, const Compute& compute,
                                                     std::uint64_t run_seed) {
  std::unique_ptr<StepScorer> made(new StepScorer(std::move(rollouts), environment, compute, run_seed));
  plugin::HostServices services = choice.services;
  services.open_rollouts = [raw = made.get()]() -> Result<std::unique_ptr<plugin::RolloutQueue>> {
    if (!raw->rollouts_) return failed("rollouts are only there while the scorer is asked");
    return raw->rollouts_->open();
  };
  services.open_model = [raw = made.get()](std::string_view spec) { return raw->models_.open(spec); };
  IPR_ASSIGN(auto instance, plugin::Instance::create(choice.manifest, choice.settings, std::move(services)));
  IPR_ASSIGN(made->scorer_, ScorerPlugin::make(std::move(instance)));
  return made;
}

Result<std::vector<std::vector<Score>>> StepScorer::score(const rollout::TrajectoryBook& book,
                                                          const std::function<void(std::size_t)>& on_rollouts,
                                                          const std::atomic<bool>& stop) {
  std::vector<Query> queries;
  std::set<std::uint64_t> asked;
  for (const auto& [id, trajectory] : book) {
    for (std::size_t turn = 0; turn < trajectory->turns.size(); ++turn) {
      const std::uint64_t key = key_of(*trajectory, turn);
      if (known_.count(key) == 0 && asked.insert(key).second) queries.push_back({{id, turn}});
    }
  }
  if (!queries.empty()) IPR_TRY(ask(queries, book, on_rollouts, stop));
  std::vector<std::vector<Score>> scores;
  for (const auto& [id, trajectory] : book) {
    scores.emplace_back();
    for (std::size_t turn = 0; turn < trajectory->turns.size(); ++turn)
      scores.back().push_back(known_.at(key_of(*trajectory, turn)));
  }
  return scores;
}

Status StepScorer::ask(const std::vector<Query>& queries, const rollout::TrajectoryBook& book,
                       const std::function<void(std::size_t)>& on_rollouts, const std::atomic<bool>& stop) {
  rollouts_ = make_rollouts_(book, on_rollouts);
  models_.set_book(&book);
  Result<std::vector<Score>> answers = scorer_->score(queries, book, run_seed_, [&stop] { return stop.load(); });
  models_.set_book(nullptr);
  rollouts_.reset();
  if (stop) return {Code::kInterrupted, "scoring: interrupted; what was printed is complete"};
  if (!answers.ok()) return answers.status();
  for (std::size_t i = 0; i < queries.size(); ++i)
    known_[key_of(*book.at(queries[i].trajectory_id), queries[i].turn)] = (*answers)[i];
  return {};
}

}  // namespace ipr::loop
