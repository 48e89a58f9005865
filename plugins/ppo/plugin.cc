// PPO as an optimizer plugin: what to collect, which rows to train on, and the loss. The critic is in critic.h, GAE in
// ipr/gae.hpp, the clipped surrogate in ipr/surrogate.hpp.

#include <string>
#include <utility>
#include <vector>

#include "critic.h"
#include "ipr/gae.hpp"
#include "ipr/plugin.hpp"
#include "ipr/surrogate.hpp"
#include "schema.h"

namespace ppo_optimizer {
namespace {

using ipr::sdk::Clock;
using ipr::sdk::Config;

class PpoOptimizer final : public ipr::sdk::Optimizer {
 public:
  PpoOptimizer(const ipr::sdk::Host& host, std::string_view config_json) : PpoOptimizer(host, Config(config_json)) {}

  [[nodiscard]] std::uint32_t needs() const override { return ipr::sdk::surrogate_needs(kl_); }
  [[nodiscard]] std::string_view train_defaults(std::uint64_t /*iteration*/) const override { return kTrainDefaults; }

  // Every iteration starts from nothing: the policy has changed.
  bool plan(const ipr_ctx* /*ctx*/, std::uint64_t iteration, std::size_t i, ipr_collect& out) override {
    if (i > 0) return false;
    attempts_.clear();
    plan_.fill(iteration, out);
    return true;
  }

  void absorb(std::size_t /*plan*/, const ipr_trajectory& trajectory) override {
    attempts_.push_back(ipr::sdk::read_attempt(trajectory));
  }

  void emit(const ipr_ctx* /*ctx*/, const ipr_example_sink& sink) override {
    ErrorSet set = turn_errors(attempts_);
    report(set);
    rows_.emit(sink, std::move(set.attempts));
  }

  double loss(ipr_batch& batch) override {
    const auto terms =
        ipr::sdk::clipped_surrogate(batch, {clip_}, "ppo", [&](std::size_t row) { return advantages_of(batch, row); });
    host_.metric("surrogate", terms.loss);
    host_.metric("clipped", terms.clipped);
    host_.metric("divergence", terms.divergence);
    if (kl_ > 0) host_.metric("kl", terms.kl);
    return terms.loss;
  }

 private:
  PpoOptimizer(const ipr::sdk::Host& host, const Config& config)
      : host_(host), plan_(config, "ppo"), clip_(config.number("clip")), kl_(config.number("kl")) {
    gae_.lambda = config.number("lambda");
    const std::string clock = config.text("gae");
    gae_.clock = clock == "turns" ? Clock::kTurns : clock == "all_tokens" ? Clock::kAllTokens : Clock::kAgentTokens;
  }

  // Per token. A row of a file was measured by nobody: its reward counts whole, and is paid at its end.
  [[nodiscard]] std::vector<double> advantages_of(const ipr_batch& batch, std::size_t row) const {
    const std::vector<std::int32_t> turns = ipr::sdk::turns_of(batch, row);
    const std::vector<double> paid = ipr::sdk::kl_rewards(batch, row, kl_, "ppo");
    if (const std::vector<double>* errors = rows_.find(batch, row)) {
      return ipr::sdk::token_advantages(turns, *errors, gae_, paid);
    }
    return ipr::sdk::token_advantages(turns, ipr::sdk::paid_at_the_end(turns, batch.outcome[row]), gae_, paid);
  }

  void report(const ErrorSet& set) const {
    host_.metric("mean_outcome", ipr::sdk::mean_outcome(attempts_));
    host_.metric("trained", static_cast<double>(set.attempts.size()));
    host_.metric("flat", static_cast<double>(set.flat));
    host_.metric("alone", static_cast<double>(set.alone));
    host_.metric("turns", static_cast<double>(set.turns));
    host_.metric("valued_turns", static_cast<double>(set.valued_turns));
    host_.log(1, "attempts: " + std::to_string(set.attempts.size()) + " of " + std::to_string(attempts_.size()) +
                     " trained on, " + std::to_string(set.flat) + " as good as expected throughout, " +
                     std::to_string(set.alone) + " alone at their task");
  }

  ipr::sdk::Host host_;
  ipr::sdk::AttemptPlan plan_;
  ipr::sdk::Gae gae_;
  double clip_, kl_;
  std::vector<ipr::sdk::Attempt> attempts_;
  ipr::sdk::TurnRows rows_;
};

constexpr ipr::sdk::Info kInfo = {"ppo",
                                  "Proximal policy optimization",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "Clipped policy gradient on outcomes, credit over the agent's own tokens",
                                  kSchema};

}  // namespace
}  // namespace ppo_optimizer

IPR_PLUGIN_LIBRARY(ipr::sdk::optimizer<ppo_optimizer::PpoOptimizer>(ppo_optimizer::kInfo))
