// GiGPO as an optimizer plugin: what to collect, which rows to train on, and the loss. The advantages are in
// advantage.h, the clipped surrogate in ipr/surrogate.hpp.

#include <string>
#include <utility>
#include <vector>

#include "advantage.h"
#include "ipr/plugin.hpp"
#include "ipr/surrogate.hpp"
#include "schema.h"

namespace gigpo_optimizer {
namespace {

using ipr::sdk::Config;

class GigpoOptimizer final : public ipr::sdk::Optimizer {
 public:
  GigpoOptimizer(const ipr::sdk::Host& host, std::string_view config_json)
      : GigpoOptimizer(host, Config(config_json)) {}

  [[nodiscard]] std::uint32_t needs() const override { return ipr::sdk::surrogate_needs(surrogate_.kl); }
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
    AdvantageSet set = advantages(attempts_, rules_);
    report(set);
    rows_.emit(sink, std::move(set.attempts));
  }

  double loss(ipr_batch& batch) override {
    const auto terms = ipr::sdk::clipped_surrogate(batch, surrogate_, "gigpo",
                                                   [&](std::size_t row) { return advantages_of(batch, row); });
    host_.metric("surrogate", terms.loss);
    host_.metric("clipped", terms.clipped);
    host_.metric("divergence", terms.divergence);
    if (surrogate_.kl > 0) host_.metric("kl", terms.kl);
    return terms.loss;
  }

 private:
  GigpoOptimizer(const ipr::sdk::Host& host, const Config& config)
      : host_(host),
        plan_(config, "gigpo"),
        rules_{config.number("gamma"), config.number("step_weight"), config.text("normalize") == "mean_std"},
        surrogate_{config.number("clip"), config.number("kl")} {}

  // Per token. A row of a file has no group of attempts: its reward is its advantage.
  [[nodiscard]] std::vector<double> advantages_of(const ipr_batch& batch, std::size_t row) const {
    const std::vector<double>* of_turn = rows_.find(batch, row);
    if (of_turn == nullptr) return std::vector<double>(batch.tokens, batch.outcome[row]);
    std::vector<double> of_token;
    for (const std::int32_t turn : ipr::sdk::turns_of(batch, row)) {
      of_token.push_back(turn < 0 ? 0 : of_turn->at(static_cast<std::size_t>(turn)));
    }
    return of_token;
  }

  void report(const AdvantageSet& set) const {
    host_.metric("mean_outcome", ipr::sdk::mean_outcome(attempts_));
    host_.metric("trained", static_cast<double>(set.attempts.size()));
    host_.metric("flat", static_cast<double>(set.flat));
    host_.metric("turns", static_cast<double>(set.turns));
    host_.metric("compared_turns", static_cast<double>(set.compared_turns));
    host_.log(1, "attempts: " + std::to_string(set.attempts.size()) + " of " + std::to_string(attempts_.size()) +
                     " trained on, " + std::to_string(set.flat) + " without any advantage; " +
                     std::to_string(set.compared_turns) + " of " + std::to_string(set.turns) +
                     " turns have another in the same state");
  }

  ipr::sdk::Host host_;
  ipr::sdk::AttemptPlan plan_;
  AdvantageRules rules_;
  ipr::sdk::Surrogate surrogate_;
  std::vector<ipr::sdk::Attempt> attempts_;
  ipr::sdk::TurnRows rows_;
};

constexpr ipr::sdk::Info kInfo = {
    "gigpo",
    "Group-in-group policy optimization",
    "0.1.0",
    "Apache-2.0",
    "Clipped policy gradient on advantages among attempts at one task and visits to one state",
    kSchema};

}  // namespace
}  // namespace gigpo_optimizer

IPR_PLUGIN_LIBRARY(ipr::sdk::optimizer<gigpo_optimizer::GigpoOptimizer>(gigpo_optimizer::kInfo))
