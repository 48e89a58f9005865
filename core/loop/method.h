// Optimizer and scorer plugins as the loop sees them: typed calls over their tables.
//
// One thread (the loop's own) except OptimizerPlugin::loss, which the trainer calls on the same thread.
#pragma once

#include <compare>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/instance.h"
#include "core/rollout/service.h"

namespace ipr::loop {

// What an optimizer asks the host to play.
struct CollectPlan {
  std::uint32_t source = 0;  // IPR_COLLECT_*
  std::uint32_t policy = 0;  // IPR_POLICY_*
  std::uint32_t samples = 1;
  int max_steps = 0;
  std::string split;  // empty: the splits of role train
  rollout::Sampling sampling;
  std::uint64_t task_offset = 0, task_limit = 0;
};

// A turn of the trajectory with this id.
struct Place {
  std::uint64_t trajectory_id = 0;
  std::size_t turn = 0;
  auto operator<=>(const Place&) const = default;
};

// "Score this turn; the question is how it compares with its rival."
struct Query : Place {
  std::optional<Place> rival = {};
  double margin = 0;
  std::uint32_t flags = 0;  // IPR_QUERY_*
};

struct Score {
  double value = 0, variance = 0;
  std::uint32_t samples = 0;  // 0: a true outcome
  double low = 0, high = 0;   // 95 % interval; equal: none
};

// One training row as the optimizer asked for it.
struct Example {
  std::uint64_t trajectory_id = 0;
  std::uint32_t tag = 0, role = 0;
  std::uint64_t group = 0;
  std::size_t first_turn = 0, last_turn = 0;
  double weight = 1;
};

class OptimizerPlugin {
 public:
  [[nodiscard]] static Result<std::unique_ptr<OptimizerPlugin>> make(std::unique_ptr<plugin::Instance> instance);

  [[nodiscard]] const std::string& id() const { return instance_->manifest().id; }
  [[nodiscard]] std::string subject() const { return instance_->manifest().subject(); }
  [[nodiscard]] bool needs_reference() const;
  [[nodiscard]] bool needs_old() const;  // log-probs of the policy as a stage begins
  [[nodiscard]] bool needs_value() const;
  // JSON of the training defaults (docs/plugins.md) for an iteration.
  [[nodiscard]] Result<Json> train_defaults(std::uint64_t iteration) const;
  [[nodiscard]] Result<std::vector<CollectPlan>> plans(std::uint64_t iteration, std::uint64_t seed);
  Status absorb(std::size_t plan, const rollout::Trajectory& trajectory);
  // All queries, after everything is absorbed. Code::kPlugin where a rival is none of them.
  [[nodiscard]] Result<std::vector<Query>> wanted();
  Status scored(std::size_t i, const Score& score);
  [[nodiscard]] Result<std::vector<Example>> emit(std::uint64_t seed);
  // L and, in the batch, its gradient.
  [[nodiscard]] Result<double> loss(ipr_batch& batch);

 private:
  explicit OptimizerPlugin(std::unique_ptr<plugin::Instance> instance);
  std::unique_ptr<plugin::Instance> instance_;
  const ipr_optimizer_v1* table_ = nullptr;
};

class ScorerPlugin {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ScorerPlugin>> make(std::unique_ptr<plugin::Instance> instance);
  [[nodiscard]] const std::string& id() const { return instance_->manifest().id; }
  // Identity of its values: id, version and settings.
  [[nodiscard]] std::string config_hash() const;
  // Whether scores depend on the queries' rivals; else these may be left out.
  [[nodiscard]] bool reads_rivals() const { return (table_->flags & IPR_SCORER_RIVALS) != 0; }
  // Scores in the order of the queries; a rival that is not among them counts as none. Blocks; the scorer may use the
  // rollout service it was created with.
  [[nodiscard]] Result<std::vector<Score>> score(const std::vector<Query>& queries, const rollout::TrajectoryBook& book,
                                                 std::uint64_t seed, const std::function<bool()>& cancelled);

 private:
  explicit ScorerPlugin(std::unique_ptr<plugin::Instance> instance);
  std::unique_ptr<plugin::Instance> instance_;
  const ipr_scorer_v1* table_ = nullptr;
};

}  // namespace ipr::loop
