// Rejection-sampling fine-tuning: SFT on the experts' trajectories and on the SFT agent's own distinct successes
// (ipr-pipeline.md section 10). Which attempts count is in keep.h, the loss is that of `sft` (ipr/losses.hpp).

#include <string>
#include <vector>

#include "ipr/losses.hpp"
#include "ipr/paths.hpp"
#include "ipr/plugin.hpp"
#include "keep.h"

namespace rft_optimizer {
namespace {

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "samples_per_task": {"type": "integer", "default": 5, "minimum": 1, "description": "trajectories that the SFT agent plays per task"},
    "temperature": {"type": "number", "default": 1, "minimum": 0, "description": "of these"},
    "success_outcome": {"type": "number", "default": 0.99, "description": "a success ends with an outcome above this"},
    "experts": {"type": "boolean", "default": true, "description": "train on the experts' trajectories, too"},
    "tasks_per_iteration": {"type": "integer", "default": 0, "minimum": 0,
                            "description": "sampled tasks, rotating over the train tasks; 0: all. Experts are always taken of all"},
    "max_new_tokens": {"type": "integer", "default": 512, "minimum": 1, "description": "per message of a sampled trajectory"}
  },
  "additionalProperties": false,
  "x-profiles": {
    "mini": {"tasks_per_iteration": 200, "max_new_tokens": 64, "train.epochs": 1, "train.batch": 2, "train.lr": 5e-4,
             "train.min_lr_rate": 0.02, "train.warmup": 20, "train.betas": [0.9, 0.98], "train.weight_decay": 0.01,
             "train.observation_loss": 0.5, "train.observation_share": 2.5, "train.max_tokens": 2500000},
    "quick": {"samples_per_task": 2, "tasks_per_iteration": 16, "max_new_tokens": 96, "train.max_tokens": 300000,
              "train.batch": 16},
    "lora": {"train.lr": 2e-4}
  }
})json";

constexpr const char* kTrainDefaults = R"json({
  "init": "base", "reference": "none", "epochs": 3, "batch": 48, "batch_unit": "rows", "lr": 2e-5,
  "schedule": "cosine", "min_lr_rate": 0, "warmup": 0.03, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0,
  "clip": 1.0, "observation_loss": 0, "observation_share": 0, "max_tokens": 0, "order": "shuffle"})json";

enum Plan : std::size_t { kExperts = 0, kSamples = 1 };

class Rft final : public ipr::sdk::Optimizer {
 public:
  Rft(const ipr::sdk::Host& host, std::string_view config_json) : host_(host) {
    const ipr::sdk::Config config(config_json);
    samples_ = static_cast<std::uint32_t>(config.integer("samples_per_task"));
    least_ = config.number("success_outcome");
    with_experts_ = config.flag("experts");
    tasks_per_iteration_ = static_cast<std::uint64_t>(config.integer("tasks_per_iteration"));
    sampling_ = {sizeof(ipr_sampling),
                 static_cast<std::uint32_t>(config.integer("max_new_tokens")),
                 config.number("temperature"),
                 1.0,
                 0,
                 0};
  }

  [[nodiscard]] std::uint32_t needs() const override { return IPR_NEED_LOGP; }
  [[nodiscard]] std::string_view train_defaults(std::uint64_t /*iteration*/) const override { return kTrainDefaults; }

  bool plan(const ipr_ctx* /*ctx*/, std::uint64_t iteration, std::size_t i, ipr_collect& out) override {
    if (i > kSamples) return false;
    if (i == kExperts) {
      experts_.clear();
      sampled_.clear();
      out.source = IPR_COLLECT_EXPERT;
      out.samples = 1;
      return true;
    }
    out.source = IPR_COLLECT_FULL;
    out.policy = IPR_POLICY_BASE;
    out.samples = samples_;
    out.sampling = &sampling_;
    out.task_offset = iteration * tasks_per_iteration_;
    out.task_limit = tasks_per_iteration_;
    return true;
  }

  void absorb(std::size_t plan, const ipr_trajectory& trajectory) override {
    Attempt attempt;
    attempt.id = trajectory.id;
    attempt.task = ipr::sdk::text(trajectory.task_id);
    attempt.ended = (trajectory.flags & IPR_TRAJ_TRUNCATED) == 0;
    attempt.outcome = trajectory.outcome;
    for (std::size_t i = 0; i < trajectory.turn_count; ++i) {
      const ipr_turn& turn = *trajectory.turns[i];
      attempt.actions.emplace_back(ipr::sdk::text(turn.action.size > 0 ? turn.action : turn.message));
    }
    (plan == kExperts ? experts_ : sampled_).push_back(std::move(attempt));
  }

  void emit(const ipr_ctx* /*ctx*/, const ipr_example_sink& sink) override {
    const Kept kept = keep_successes(experts_, sampled_, least_);
    report(kept);
    std::uint64_t group = 0;
    const auto emit = [&](const Attempt& attempt) {
      ipr::sdk::emit_row(sink, 0, IPR_ROLE_PLAIN, ++group, {attempt.id, 0, attempt.actions.size()});
    };
    if (with_experts_) {
      for (const Attempt& expert : experts_) emit(expert);
    }
    for (const Attempt* attempt : kept.attempts) emit(*attempt);
  }

  double loss(ipr_batch& batch) override {
    const double sum = ipr::sdk::token_mean_loss(batch);
    host_.metric("sft", sum);
    return sum;
  }

 private:
  void report(const Kept& kept) const {
    host_.metric("kept", static_cast<double>(kept.attempts.size()));
    host_.metric("failed", static_cast<double>(kept.failed));
    host_.metric("repeated", static_cast<double>(kept.repeated));
    host_.log(1, "samples: " + std::to_string(kept.attempts.size()) + " of " + std::to_string(sampled_.size()) +
                     " kept; " + std::to_string(kept.failed) + " failed, " + std::to_string(kept.repeated) +
                     " repeat an expert or another success");
  }

  ipr::sdk::Host host_;
  std::uint32_t samples_ = 5;
  double least_ = 0;
  bool with_experts_ = true;
  std::uint64_t tasks_per_iteration_ = 0;
  ipr_sampling sampling_{};
  std::vector<Attempt> experts_, sampled_;
};

constexpr ipr::sdk::Info kInfo = {"rft",
                                  "Rejection-sampling fine-tuning",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "SFT on expert trajectories and on the agent's own distinct successes",
                                  kSchema};

}  // namespace
}  // namespace rft_optimizer

IPR_PLUGIN_LIBRARY(ipr::sdk::optimizer<rft_optimizer::Rft>(rft_optimizer::kInfo))
