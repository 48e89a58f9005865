// ETO as an optimizer plugin: what to collect, which pairs to train on, and the loss. The rules live in contrast.h and
// loss.h; here they meet the host.

#include <string>
#include <vector>

#include "contrast.h"
#include "ipr/plugin.hpp"
#include "loss.h"
#include "schema.h"

namespace eto_optimizer {
namespace {

using ipr::sdk::Exploration;
using ipr::sdk::Path;

enum Plan : std::size_t { kExperts = 0, kExploration = 1 };

class EtoOptimizer final : public ipr::sdk::Optimizer {
 public:
  EtoOptimizer(const ipr::sdk::Host& host, std::string_view config_json) : host_(host) {
    const ipr::sdk::Config config(config_json);
    rules_.kappa = config.number("kappa");
    rules_.symmetric = config.flag("symmetric");
    rules_.from_deviation = config.text("pairs_from") == "deviation";
    rules_.skip_empty_messages = config.flag("skip_empty_messages");
    rules_.lose_cap = config.integer("lose_cap");
    samples_ = static_cast<std::uint32_t>(config.integer("samples_per_task"));
    tasks_per_iteration_ = static_cast<std::uint64_t>(config.integer("tasks_per_iteration"));
    sampling_ = {sizeof(ipr_sampling),
                 static_cast<std::uint32_t>(config.integer("max_new_tokens")),
                 config.number("temperature"),
                 1.0,
                 0,
                 0};
    loss_.beta = config.number("beta");
    loss_.dpo_weight = config.number("dpo_weight");
    loss_.sft_weight = config.number("sft_weight");
    loss_.anchor_weight = config.number("anchor_weight");
    if (samples_ > 1 && sampling_.temperature <= 0) {
      throw ipr::sdk::Failure(IPR_INVALID_ARGUMENT, "eto: " + std::to_string(samples_) +
                                                        " greedy trajectories of one task are all the same: set "
                                                        "temperature above 0, or samples_per_task to 1");
    }
  }

  [[nodiscard]] std::uint32_t needs() const override { return IPR_NEED_LOGP | IPR_NEED_REF_LOGP; }
  [[nodiscard]] std::string_view train_defaults(std::uint64_t /*iteration*/) const override { return kTrainDefaults; }

  // Every iteration starts from nothing: the policy has changed, so have its trajectories and pairs.
  bool plan(const ipr_ctx* /*ctx*/, std::uint64_t iteration, std::size_t i, ipr_collect& out) override {
    if (i > kExploration) return false;
    if (i == kExperts) paths_.clear();
    out.source = i == kExperts ? IPR_COLLECT_EXPERT : IPR_COLLECT_FULL;
    out.policy = IPR_POLICY_CURRENT;
    out.samples = i == kExperts ? 1 : samples_;
    out.sampling = &sampling_;
    out.task_offset = iteration * tasks_per_iteration_;
    out.task_limit = tasks_per_iteration_;
    return true;
  }

  void absorb(std::size_t plan, const ipr_trajectory& trajectory) override {
    paths_.push_back(ipr::sdk::read_path(trajectory, plan == kExploration));
  }

  void emit(const ipr_ctx* ctx, const ipr_example_sink& sink) override {
    const std::vector<Exploration> explored = ipr::sdk::explorations(paths_);
    const ContrastSet set = contrasts(explored, rules_);
    report(set);
    // Anchors go through the tasks round and round, so that none is drawn much more often than another.
    const std::vector<std::size_t> order = ipr::sdk::shuffled_indices(explored.size(), ctx->seed);
    for (std::size_t i = 0; i < set.pairs.size(); ++i) {
      const std::uint64_t group = i + 1;
      ipr::sdk::emit_row(sink, ipr::sdk::kTagOutcome, IPR_ROLE_CHOSEN, group, set.pairs[i].chosen);
      ipr::sdk::emit_row(sink, ipr::sdk::kTagOutcome, IPR_ROLE_REJECTED, group, set.pairs[i].rejected);
      if (loss_.anchor_weight <= 0) continue;
      const Path& good = ipr::sdk::best_known(explored[order[i % order.size()]]);
      ipr::sdk::emit_row(sink, ipr::sdk::kTagAnchor, IPR_ROLE_PLAIN, group, {good.id, 0, good.turn_count()});
    }
  }

  double loss(ipr_batch& batch) override {
    const LossTerms terms = contrast_loss(batch, loss_);
    host_.metric("dpo", terms.dpo);
    if (loss_.sft_weight > 0) host_.metric("sft", terms.sft);
    if (loss_.anchor_weight > 0) host_.metric("anchor", terms.anchor);
    host_.metric("margin_accuracy", terms.margin_accuracy);
    host_.metric("chosen_logp", terms.chosen_logp);
    return terms.total;
  }

 private:
  void report(const ContrastSet& set) const {
    host_.metric("pairs", static_cast<double>(set.pairs.size()));
    host_.metric("agent_wins", static_cast<double>(set.agent_wins));
    host_.metric("ties", static_cast<double>(set.ties));
    host_.metric("repeated", static_cast<double>(set.repeated));
    host_.log(1, "pairs: " + std::to_string(set.pairs.size()) + ", the agent wins " + std::to_string(set.agent_wins) +
                     "; ties " + std::to_string(set.ties) + ", repeated trajectories " + std::to_string(set.repeated));
  }

  ipr::sdk::Host host_;
  ContrastRules rules_;
  LossSettings loss_;
  std::uint32_t samples_ = 1;
  std::uint64_t tasks_per_iteration_ = 0;
  ipr_sampling sampling_{};
  std::vector<Path> paths_;
};

constexpr ipr::sdk::Info kInfo = {"eto",
                                  "Exploration-based trajectory optimization",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "DPO on pairs of whole trajectories, the expert's against the agent's",
                                  kSchema};

}  // namespace
}  // namespace eto_optimizer

IPR_PLUGIN_LIBRARY(ipr::sdk::optimizer<eto_optimizer::EtoOptimizer>(eto_optimizer::kInfo))
