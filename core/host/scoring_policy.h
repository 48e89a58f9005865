// The policy that `score` plays on with: a checkpoint, or a policy plugin.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/host/setup.h"
#include "core/loop/step_scorer.h"

namespace ipr::host {

class ScoringPolicy {
 public:
  // `environment` and `stop` must outlive the object.
  [[nodiscard]] static Result<std::unique_ptr<ScoringPolicy>> make(const plugin::Registry& registry,
                                                                   const std::string& policy,
                                                                   const env::Environment& environment,
                                                                   const Options& options,
                                                                   const std::atomic<bool>& stop);
  virtual ~ScoringPolicy() = default;

  [[nodiscard]] const env::Environment& environment() const { return environment_; }
  [[nodiscard]] std::uint64_t env_seed() const { return env_seed_; }
  // What names the policy beside the scorer's own identity.
  [[nodiscard]] virtual Json identity() const = 0;
  // Gives the trajectory's replies the ids that the policy reads them as; none where it reads text.
  virtual void tokenize(rollout::Trajectory& /*trajectory*/) const {}
  [[nodiscard]] virtual loop::MakeRollouts rollouts() = 0;
  // Of every step, with replies at this temperature. Code::kUsage where they cannot be computed.
  [[nodiscard]] virtual Result<std::vector<double>> exact_values(const rollout::Trajectory& trajectory,
                                                                 double temperature) = 0;

 protected:
  ScoringPolicy(const env::Environment& environment, const Options& options);
  const env::Environment& environment_;
  const Options& options_;
  const std::uint64_t env_seed_;
};

}  // namespace ipr::host
