// The training of a learned step-reward model (paper, section 4.4; Hugging Face's sequence classification with one
// label): mean squared error between the value of a step and its Monte Carlo reward,
//
//   L = sum_rows weight * mean_{scored turns of the row} (v - r_s)^2 / sum_rows weight
//
// v is the scalar head's value at the last token of the turn's message: no sigmoid, no half. With the weight that
// `train-scorer` gives a row, the number of its scored turns, L is the plain mean over steps.

#include <cmath>
#include <vector>

#include "ipr/batch.hpp"
#include "ipr/plugin.hpp"

namespace {

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {},
  "additionalProperties": false,
  "x-profiles": {"mini": {"train.epochs": 20, "train.batch": 2, "train.lr": 3e-4, "train.warmup": 20,
    "train.weight_decay": 0.01},
    "lora": {"train.lr": 2e-4}}
})json";

constexpr const char* kTrainDefaults = R"json({
  "trains": "value", "init": "base", "reference": "none", "epochs": 3, "batch": 32, "batch_unit": "rows", "lr": 1e-5,
  "schedule": "cosine", "min_lr_rate": 0, "warmup": 0.03, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0,
  "clip": 1.0, "order": "shuffle"})json";

// A turn of a row that has a reward, and where its value stands.
struct Scored {
  std::size_t token;
  double reward;
};

std::vector<Scored> scored_turns(const ipr_batch& batch, std::size_t row) {
  const ipr::sdk::Matrix<const float> mask(*batch.mask), reward(*batch.turn_score);
  const ipr::sdk::Matrix<const std::int32_t> turn(*batch.turn);
  std::vector<Scored> found;
  for (std::size_t k = 0; k < reward.columns(); ++k) {
    if (std::isnan(reward.at(row, k))) continue;
    for (std::size_t t = batch.tokens; t-- > 0;) {  // its last token
      if (mask.at(row, t) == 0 || turn.at(row, t) != static_cast<std::int32_t>(k)) continue;
      found.push_back({t, static_cast<double>(reward.at(row, k))});
      break;
    }
  }
  return found;
}

class RewardMse final : public ipr::sdk::Optimizer {
 public:
  RewardMse(const ipr::sdk::Host& host, std::string_view /*config_json*/) : host_(host) {}

  [[nodiscard]] std::uint32_t needs() const override { return IPR_NEED_VALUE; }
  [[nodiscard]] std::string_view train_defaults(std::uint64_t /*iteration*/) const override { return kTrainDefaults; }

  // The rows come from files (`ipr-host train-scorer`): nothing is played, nothing emitted.
  bool plan(const ipr_ctx* /*ctx*/, std::uint64_t /*iteration*/, std::size_t /*i*/, ipr_collect& /*out*/) override {
    return false;
  }
  void absorb(std::size_t /*plan*/, const ipr_trajectory& /*trajectory*/) override {}
  void emit(const ipr_ctx* /*ctx*/, const ipr_example_sink& /*sink*/) override {}

  double loss(ipr_batch& batch) override {
    double weights = 0;
    for (std::size_t i = 0; i < batch.total_count; ++i) weights += batch.totals[i].weight;
    if (weights == 0) return 0;
    const ipr::sdk::Matrix<const float> value(*batch.value);
    const ipr::sdk::Matrix<float> gradient(*batch.d_value);
    double sum = 0;
    for (std::size_t row = 0; row < batch.rows; ++row) {
      const std::vector<Scored> turns = scored_turns(batch, row);
      if (turns.empty()) continue;
      const double share = batch.weight[row] / (weights * static_cast<double>(turns.size()));
      for (const Scored& scored : turns) {
        const double error = static_cast<double>(value.at(row, scored.token)) - scored.reward;
        sum += share * error * error;
        gradient.at(row, scored.token) = static_cast<float>(2 * share * error);
      }
    }
    host_.metric("mse", sum);
    return sum;
  }

 private:
  ipr::sdk::Host host_;
};

constexpr ipr::sdk::Info kInfo = {"reward-mse",
                                  "Step-reward regression",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "Mean squared error of a scalar head on Monte Carlo step rewards",
                                  kSchema};

}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::optimizer<RewardMse>(kInfo))
