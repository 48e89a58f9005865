// KL(policy || start), per message, in nats: of which scorers that play rollouts speak when they rate this policy's
// steps, and which the loss compares with.
//
//   KL = E_h E_{a ~ policy(.|h)} [log policy(a|h) - log start(a|h)]
//
// Estimated without bias by one sampled message a (temperature 1, end of turn included) in each of up to kStates
// histories h that the policy met on dev: turn i mod n of its i-th episode there, n turns long.
#include <algorithm>
#include <map>

#include "core/base/rng.h"
#include "core/loop/run_state.h"
#include "core/model/score.h"
#include "core/report/statistics.h"

namespace ipr::loop {
namespace {

constexpr std::size_t kStates = 64;

// Log-probability of a sampled reply; the ids that were sampled, end of turn included.
struct Sampled {
  std::vector<std::int32_t> ids;
  double logp = 0;
};

Sampled sampled(const rollout::GenerateReply& reply) {
  Sampled said{reply.ids, 0};
  for (const float logprob : reply.logprobs) said.logp += logprob;
  if (reply.finish == rollout::Finish::kStop) {
    said.ids.push_back(reply.stop_id);
    said.logp += reply.stop_logprob;
  }
  return said;
}

}  // namespace

Status Run::record_divergence(Policy& policy) {
  if (policy.iteration == 0 || dev_.tasks.empty()) return {};
  const std::string stage = "iter-" + std::to_string(policy.iteration) + "/divergence";
  IPR_ASSIGN(const bool measured, store_->stage_done(stage));
  if (measured) return {};
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  filter.policy = policy.name;
  std::vector<rollout::GenerateRequest> requests;
  std::map<const env::Environment*, std::size_t> of_each;  // as many from each of several environments
  IPR_TRY(store_->for_each_episode(filter, store::Turns::kLoad, [&](const store::Episode& episode) {
    const bool of_dev = std::find(dev_.splits.begin(), dev_.splits.end(), episode.split) != dev_.splits.end();
    if (!of_dev || episode.turns.empty() || requests.size() == kStates) return Status();
    const std::size_t turn = requests.size() % episode.turns.size();
    const auto task = std::find_if(dev_.tasks.begin(), dev_.tasks.end(),
                                   [&](const env::Task& one) { return one.id == episode.task_id; });
    if (task == dev_.tasks.end()) return Status();
    std::size_t& count = of_each[&config_.environment->home(task->id)];
    if (count == kStates / config_.environment->members().size()) return Status();
    ++count;
    text::TokenizedChat chat = dialogue_->history(to_trajectory(episode, &*task), turn, /*examples=*/true);
    dialogue_->append_generation_prompt(chat);
    rollout::GenerateRequest request;
    request.prompt = std::move(chat.ids);
    request.max_new_tokens = config_.max_new_tokens;
    request.seed = mix(config_.seed, fnv1a64("divergence"), requests.size());
    request.stop_ids = {dialogue_->end_of_turn()};
    requests.push_back(std::move(request));
    return Status();
  }));
  const std::vector<rollout::GenerateReply> replies = rollout::generate_all(*policy.generator, requests);
  std::vector<model::ScoreRequest> of_start;
  std::vector<double> of_policy;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    IPR_TRY(replies[i].status);
    Sampled said = sampled(replies[i]);
    const auto length = static_cast<std::int64_t>(requests[i].prompt.size() + said.ids.size());
    if (said.ids.empty() || length > base_->engine->config().max_positions) continue;  // no room left in the model
    of_start.push_back({std::move(requests[i].prompt), std::move(said.ids), 0});
    of_policy.push_back(said.logp);
  }
  IPR_ASSIGN(const std::vector<model::ScoreReply> scored, model::score_all(*base_->engine, of_start));
  std::vector<double> differences;
  for (std::size_t i = 0; i < scored.size(); ++i) differences.push_back(of_policy[i] - scored[i].total);
  const report::Estimate kl = report::estimate_mean(differences);
  if (kl.n < 2) return {};
  IPR_ASSIGN(store::Unit unit, store_->begin());
  IPR_TRY(store_->put_metric({policy.iteration, "divergence", 0, "kl_to_start", kl.mean}));
  IPR_TRY(store_->put_metric({policy.iteration, "divergence", 0, "kl_standard_error", kl.standard_error}));
  IPR_TRY(store_->mark_done(stage));
  return unit.commit();
}

}  // namespace ipr::loop
