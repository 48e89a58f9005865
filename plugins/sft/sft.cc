// Supervised fine-tuning on expert trajectories (paper, equation 2, as the token mean that its code computes):
//
//   L = - sum_tokens mask * weight * log p(token) / N          N = agent tokens of the optimizer step
//
// The mask is 1 on the agent's tokens and `train.observation_loss` on the others, so that a model trained from scratch
// may also learn to read (mini: 0.5); N counts the agent's tokens only.

#include <vector>

#include "ipr/losses.hpp"
#include "ipr/paths.hpp"
#include "ipr/plugin.hpp"

namespace {

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "split": {"type": "string", "default": "", "description": "train split whose demonstrations are trained on; empty: all"}
  },
  "additionalProperties": false,
  "x-profiles": {"mini": {
    "train.epochs": 9, "train.batch": 2, "train.lr": 2e-3, "train.min_lr_rate": 0.02, "train.warmup": 20,
    "train.betas": [0.9, 0.98], "train.weight_decay": 0.01, "train.observation_loss": 0.5, "train.observation_share": 2.5,
    "train.max_tokens": 2500000},
    "quick": {"train.steps": 40, "train.batch": 4},
    "lora": {"train.lr": 5e-4}}
})json";

constexpr const char* kTrainDefaults = R"json({
  "init": "base", "reference": "none", "epochs": 3, "batch": 48, "batch_unit": "rows", "lr": 2e-5,
  "schedule": "cosine", "min_lr_rate": 0, "warmup": 0.03, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0,
  "clip": 1.0, "observation_loss": 0, "observation_share": 0, "max_tokens": 0, "order": "shuffle"})json";

class Sft final : public ipr::sdk::Optimizer {
 public:
  Sft(const ipr::sdk::Host& host, std::string_view config_json)
      : host_(host), split_(ipr::sdk::Config(config_json).text("split")) {}

  [[nodiscard]] std::uint32_t needs() const override { return IPR_NEED_LOGP; }
  [[nodiscard]] std::string_view train_defaults(std::uint64_t /*iteration*/) const override { return kTrainDefaults; }

  bool plan(const ipr_ctx* /*ctx*/, std::uint64_t /*iteration*/, std::size_t i, ipr_collect& out) override {
    if (i > 0) return false;
    demonstrations_.clear();
    out.source = IPR_COLLECT_EXPERT;
    out.samples = 1;
    out.split = ipr::sdk::view(split_);
    return true;
  }

  void absorb(std::size_t /*plan*/, const ipr_trajectory& trajectory) override {
    demonstrations_.push_back({trajectory.id, trajectory.turn_count});
  }

  void emit(const ipr_ctx* /*ctx*/, const ipr_example_sink& sink) override {
    std::uint64_t group = 0;
    for (const Demonstration& demonstration : demonstrations_) {
      ipr::sdk::emit_row(sink, 0, IPR_ROLE_PLAIN, ++group, {demonstration.id, 0, demonstration.turns});
    }
  }

  double loss(ipr_batch& batch) override {
    const double sum = ipr::sdk::token_mean_loss(batch);
    host_.metric("sft", sum);
    return sum;
  }

 private:
  struct Demonstration {
    std::uint64_t id;
    std::size_t turns;
  };

  ipr::sdk::Host host_;
  std::string split_;
  std::vector<Demonstration> demonstrations_;
};

constexpr ipr::sdk::Info kInfo = {
    "sft", "Supervised fine-tuning", "0.1.0", "Apache-2.0", "Token-mean cross entropy on expert trajectories", kSchema};

}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::optimizer<Sft>(kInfo))
