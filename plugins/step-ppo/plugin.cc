// PPO on step rewards as an optimizer plugin: what to collect and to score, which rows to train on, and the loss. The
// gains are in gains.h, GAE in ipr/gae.hpp, the clipped surrogate in ipr/surrogate.hpp.

#include <string>
#include <utility>
#include <vector>

#include "gains.h"
#include "ipr/gae.hpp"
#include "ipr/plugin.hpp"
#include "ipr/surrogate.hpp"
#include "schema.h"

namespace step_ppo_optimizer {
namespace {

using ipr::sdk::Config;

class StepPpoOptimizer final : public ipr::sdk::Optimizer {
 public:
  StepPpoOptimizer(const ipr::sdk::Host& host, std::string_view config_json)
      : StepPpoOptimizer(host, Config(config_json)) {}

  [[nodiscard]] std::uint32_t needs() const override { return ipr::sdk::surrogate_needs(kl_); }
  [[nodiscard]] std::string_view train_defaults(std::uint64_t /*iteration*/) const override { return kTrainDefaults; }

  // Every iteration starts from nothing: the policy has changed.
  bool plan(const ipr_ctx* /*ctx*/, std::uint64_t iteration, std::size_t i, ipr_collect& out) override {
    if (i > 0) return false;
    attempts_.clear();
    rewards_.clear();
    plan_.fill(iteration, out);
    return true;
  }

  void absorb(std::size_t /*plan*/, const ipr_trajectory& trajectory) override {
    attempts_.push_back(ipr::sdk::read_attempt(trajectory));
  }

  bool want(std::size_t i, ipr_query& out) override {
    if (i == 0) wanted_ = wanted_steps(attempts_);
    if (i >= wanted_.size()) return false;
    named_ = ipr::sdk::named(wanted_[i].trajectory);
    out.trajectory = &named_;
    out.turn = wanted_[i].turn;
    return true;
  }

  void scored(std::size_t /*i*/, const ipr_score& score) override { rewards_.push_back(score.value); }

  void emit(const ipr_ctx* /*ctx*/, const ipr_example_sink& sink) override {
    const std::size_t steps = wanted_steps(attempts_).size();
    if (rewards_.size() != steps) {
      throw ipr::sdk::Failure(IPR_FAILED_PRECONDITION, "step-ppo: " + std::to_string(rewards_.size()) + " of " +
                                                           std::to_string(steps) + " step rewards are there");
    }
    GainSet set = step_gains(attempts_, rewards_);
    report(set);
    rows_.emit(sink, std::move(set.attempts));
  }

  double loss(ipr_batch& batch) override {
    const auto terms = ipr::sdk::clipped_surrogate(batch, {clip_}, "step-ppo",
                                                   [&](std::size_t row) { return advantages_of(batch, row); });
    host_.metric("surrogate", terms.loss);
    host_.metric("clipped", terms.clipped);
    host_.metric("divergence", terms.divergence);
    if (kl_ > 0) host_.metric("kl", terms.kl);
    return terms.loss;
  }

 private:
  StepPpoOptimizer(const ipr::sdk::Host& host, const Config& config)
      : host_(host), plan_(config, "step-ppo"), clip_(config.number("clip")), kl_(config.number("kl")) {
    gae_.lambda = config.number("lambda");
    gae_.clock = config.text("gae") == "turns" ? ipr::sdk::Clock::kTurns : ipr::sdk::Clock::kAgentTokens;
    gae_.across_turns = false;
  }

  // Per token. A row of a file is one action: its reward counts whole, and is paid at its end.
  [[nodiscard]] std::vector<double> advantages_of(const ipr_batch& batch, std::size_t row) const {
    const std::vector<std::int32_t> turns = ipr::sdk::turns_of(batch, row);
    const std::vector<double> paid = ipr::sdk::kl_rewards(batch, row, kl_, "step-ppo");
    if (const std::vector<double>* gains = rows_.find(batch, row)) {
      return ipr::sdk::token_advantages(turns, *gains, gae_, paid);
    }
    return ipr::sdk::token_advantages(turns, ipr::sdk::paid_at_the_end(turns, batch.outcome[row]), gae_, paid);
  }

  void report(const GainSet& set) const {
    host_.metric("mean_outcome", ipr::sdk::mean_outcome(attempts_));
    host_.metric("trained", static_cast<double>(set.attempts.size()));
    host_.metric("flat", static_cast<double>(set.flat));
    host_.metric("alone", static_cast<double>(set.alone));
    host_.metric("steps", static_cast<double>(rewards_.size()));
    host_.log(1, "attempts: " + std::to_string(set.attempts.size()) + " of " + std::to_string(attempts_.size()) +
                     " trained on, " + std::to_string(set.flat) + " gain and lose nothing, " +
                     std::to_string(set.alone) + " alone at their task; " + std::to_string(rewards_.size()) +
                     " steps scored");
  }

  ipr::sdk::Host host_;
  ipr::sdk::AttemptPlan plan_;
  ipr::sdk::Gae gae_;
  double clip_, kl_;
  std::vector<ipr::sdk::Attempt> attempts_;
  std::vector<Step> wanted_;
  ipr_trajectory named_{};
  std::vector<double> rewards_;  // in the order of wanted_steps
  ipr::sdk::TurnRows rows_;
};

constexpr ipr::sdk::Info kInfo = {"step-ppo",
                                  "PPO on step rewards",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "Clipped policy gradient on what each turn gained by the scorer's step rewards",
                                  kSchema};

}  // namespace
}  // namespace step_ppo_optimizer

IPR_PLUGIN_LIBRARY(ipr::sdk::optimizer<step_ppo_optimizer::StepPpoOptimizer>(step_ppo_optimizer::kInfo))
