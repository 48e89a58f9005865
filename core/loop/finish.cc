// The end of a run: the iteration chosen on dev, and the certificate.
#include <algorithm>
#include <tuple>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/loop/run_state.h"

namespace ipr::loop {

// What a second run of the same config must repeat bit by bit (product.md section 3): evaluated actions, rewards,
// outcome and exit status; pairs; checkpoint hashes. Sorted by iteration, split, task and sample.
Result<Json> Run::result_facts() {
  Json evaluations = Json::array();
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  IPR_ASSIGN(std::vector<store::Episode> episodes, store_->episodes(filter));
  std::sort(episodes.begin(), episodes.end(), [](const store::Episode& a, const store::Episode& b) {
    return std::tie(a.iteration, a.split, a.task_id, a.sample) < std::tie(b.iteration, b.split, b.task_id, b.sample);
  });
  for (const store::Episode& episode : episodes) {
    Json actions = Json::array(), rewards = Json::array();
    for (const store::Turn& turn : episode.turns) {
      actions.push_back(turn.message);
      rewards.push_back(turn.reward);
    }
    evaluations.push_back({{"iteration", episode.iteration},
                           {"split", episode.split},
                           {"task", episode.task_id},
                           {"sample", episode.sample},
                           {"actions", actions},
                           {"rewards", rewards},
                           {"outcome", episode.outcome},
                           {"exit_status", episode.exit_status}});
  }
  Json pairs = Json::array();
  IPR_ASSIGN(const std::vector<store::Pair> recorded, store_->pairs());
  for (const store::Pair& pair : recorded) {
    pairs.push_back({{"iteration", pair.iteration},
                     {"kind", pair.kind},
                     {"task", pair.task_id},
                     {"turn", pair.turn},
                     {"winner_end", pair.winner_end},
                     {"loser_end", pair.loser_end},
                     {"outcome_gap", pair.outcome_gap},
                     {"expert_won", pair.expert_won}});
  }
  Json checkpoints = Json::object();
  for (const store::Policy& policy : policies_) checkpoints[policy.name] = policy.sha256;
  return Json{{"evaluations", evaluations}, {"pairs", pairs}, {"checkpoints", checkpoints}};
}

Status Run::finish() {
  const std::optional<int> chosen = choose_iteration(dev_outcomes_);
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (store::Policy& policy : policies_) {
    policy.chosen = policy.iteration == chosen;
    IPR_TRY(store_->put_policy(policy));
  }
  IPR_TRY(unit.commit());
  IPR_ASSIGN(const Json facts, result_facts());
  IPR_ASSIGN(const std::string config, read_file(config_.out + "/config.json"));
  IPR_ASSIGN(const std::string panel, read_file(config_.out + "/panel.json"));
  Json plugins = Json::object();
  for (const plugin::Manifest* m : {&config_.environment->instance().manifest(), &config_.sft.manifest,
                                    &config_.optimizer.manifest, &config_.scorer.manifest}) {
    IPR_ASSIGN(const std::string bytes, read_file(m->path));
    plugins[std::string(plugin::kind_name(m->kind)) + ":" + m->id] = sha256_hex(bytes);
  }
  Json checkpoints = Json::object();
  for (const store::Policy& policy : policies_) checkpoints[policy.checkpoint] = policy.sha256;
  const Json certificate = {{"version", 1},
                            {"config", sha256_hex(config)},
                            {"panel", sha256_hex(panel)},
                            {"plugins", plugins},
                            {"checkpoints", checkpoints},
                            {"results", sha256_hex(dump_line(facts))},
                            {"kernel_family", base_->engine->kernel_family()},
                            {"model_threads", config_.model_threads}};
  IPR_TRY(store_->set_state("finished", "true"));
  IPR_TRY(store_->flush());
  return write_file(config_.out + "/certificate.json", certificate.dump(2) + "\n");
}

}  // namespace ipr::loop
