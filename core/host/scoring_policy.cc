#include "core/host/scoring_policy.h"

#include <optional>

#include "core/base/rng.h"
#include "core/host/compute.h"
#include "core/host/known_models.h"
#include "core/host/policy_plugin.h"
#include "core/loop/rollout_model.h"
#include "core/rollout/exact_values.h"

namespace ipr::host {
namespace {

constexpr std::size_t kSnapshots = 20000;

class Checkpoint final : public ScoringPolicy {
 public:
  static Result<std::unique_ptr<ScoringPolicy>> make(const std::string& name, const env::Environment& environment,
                                                     const Options& options, const std::atomic<bool>& stop) {
    std::unique_ptr<Checkpoint> made(new Checkpoint(environment, options));
    IPR_ASSIGN(rollout::ReplyRules rules, reply_rules(options));
    IPR_ASSIGN(const std::string folder, find_model(name));
    IPR_ASSIGN(const loop::Compute compute, compute_of(options, ModelOrigin::kFile, folder));
    IPR_ASSIGN(made->model_,
               loop::RolloutModel::load(folder, environment, compute, std::move(rules), options.chat_template));
    made->player_.emplace(environment, made->model_->dialogue(), made->model_->generator(), made->snapshots_,
                          made->env_seed_, options.max_steps, worker_count(options), stop);
    return std::unique_ptr<ScoringPolicy>(std::move(made));
  }

  [[nodiscard]] Json identity() const override { return {{"policy_sha256", model_->sha256()}}; }
  void tokenize(rollout::Trajectory& trajectory) const override {
    for (rollout::TrajectoryTurn& turn : trajectory.turns) turn.reply_ids = model_->dialogue().reply_ids(turn.message);
  }
  [[nodiscard]] loop::MakeRollouts rollouts() override {
    return [this](const rollout::TrajectoryBook& book, const std::function<void(std::size_t)>& on_rollouts) {
      return std::make_unique<rollout::RolloutService>(*player_, book, options_.seed, on_rollouts);
    };
  }
  [[nodiscard]] Result<std::vector<double>> exact_values(const rollout::Trajectory& /*trajectory*/,
                                                         double /*temperature*/) override {
    return usage("--exact: the choices of a checkpoint are not known; give --policy plugin:ID");
  }

 private:
  Checkpoint(const env::Environment& environment, const Options& options)
      : ScoringPolicy(environment, options), snapshots_(environment, env_seed_, options.max_steps, kSnapshots) {}
  std::unique_ptr<loop::RolloutModel> model_;
  rollout::Snapshots snapshots_;
  std::optional<rollout::Player> player_;  // goes first: it joins its workers
};

class Plugin final : public ScoringPolicy {
 public:
  static Result<std::unique_ptr<ScoringPolicy>> make(const plugin::Registry& registry, const std::string& name,
                                                     const env::Environment& environment, const Options& options) {
    std::unique_ptr<Plugin> made(new Plugin(name, environment, options));
    IPR_ASSIGN(made->policy_, open_policy_plugin(registry, name, options));
    IPR_ASSIGN(made->player_,
               rollout::TextPlayer::make(environment, *made->policy_, made->env_seed_, options.max_steps));
    return std::unique_ptr<ScoringPolicy>(std::move(made));
  }

  [[nodiscard]] Json identity() const override {
    return {
        {"policy", name_}, {"policy_version", policy_->manifest().version}, {"policy_settings", policy_->settings()}};
  }
  [[nodiscard]] loop::MakeRollouts rollouts() override {
    return [this](const rollout::TrajectoryBook& book, const std::function<void(std::size_t)>& on_rollouts) {
      return std::make_unique<rollout::TextRollouts>(*player_, book, options_.seed, nullptr, on_rollouts);
    };
  }
  // What was computed for one trajectory serves the next; a process asks with one temperature.
  [[nodiscard]] Result<std::vector<double>> exact_values(const rollout::Trajectory& trajectory,
                                                         double temperature) override {
    if (!values_) {
      IPR_ASSIGN(rollout::ExactValues made, rollout::ExactValues::make(*player_, {temperature, 1.0, 512, 0}));
      values_.emplace(std::move(made));
    }
    std::vector<double> values;
    for (std::size_t turn = 0; turn < trajectory.turns.size(); ++turn) {
      IPR_ASSIGN(const double value, values_->of_policy(trajectory, turn + 1));
      values.push_back(value);
    }
    return values;
  }

 private:
  Plugin(std::string name, const env::Environment& environment, const Options& options)
      : ScoringPolicy(environment, options), name_(std::move(name)) {}
  const std::string name_;
  std::unique_ptr<rollout::PluginPolicy> policy_;
  std::unique_ptr<rollout::TextPlayer> player_;
  std::optional<rollout::ExactValues> values_;
};

}  // namespace

ScoringPolicy::ScoringPolicy(const env::Environment& environment, const Options& options)
    : environment_(environment), options_(options), env_seed_(mix(options.seed, fnv1a64("environment"))) {}

Result<std::unique_ptr<ScoringPolicy>> ScoringPolicy::make(const plugin::Registry& registry, const std::string& policy,
                                                           const env::Environment& environment, const Options& options,
                                                           const std::atomic<bool>& stop) {
  return policy_plugin_id(policy) ? Plugin::make(registry, policy, environment, options)
                                  : Checkpoint::make(policy, environment, options, stop);
}

}  // namespace ipr::host
