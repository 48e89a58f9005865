// The step scores of another run as answers of this one's scorer (`--scores-from RUN`): with the same SFT model, scorer
// and seed, equal histories have equal scores and equal rollouts, so that runs which differ in what follows the scoring
// pay for it once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/method.h"
#include "core/rollout/service.h"
#include "core/store/run_store.h"

namespace ipr::loop {

class TakenScores {
 public:
  struct Taken {
    Score score;
    std::vector<store::Episode> rollouts;  // behind it, as the other run recorded them
  };

  // Those that `scorer` made in the run in `folder`. `base_sha256`: of this run's SFT model; `scorer_models`: of what
  // its scorer opened itself (kScorerModels); `task_of` gives this run's task of an id, or nullptr. Code::kUsage where
  // that run's models are others.
  [[nodiscard]] static Result<TakenScores> open(const std::string& folder, const ScorerPlugin& scorer,
                                                const std::string& base_sha256, const std::string& scorer_models,
                                                const std::function<const env::Task*(const std::string&)>& task_of);

  // By the hash of the history with the step that is scored (rollout::prefix_hash).
  [[nodiscard]] bool has(std::uint64_t history) const { return scored_.count(history) > 0; }
  // Of a history that it has.
  [[nodiscard]] Result<Taken> take(std::uint64_t history);

 private:
  struct Scored {
    Score score;
    std::vector<std::pair<std::int64_t, std::int32_t>> places;  // (episode, turn): one of them has the rollouts
  };

  explicit TakenScores(store::RunStore record) : record_(std::move(record)) {}

  store::RunStore record_;
  std::map<std::uint64_t, Scored> scored_;
};

}  // namespace ipr::loop
