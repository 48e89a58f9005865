// One training stage without an environment: given rows, an optimizer's loss, a model and the one it is compared with.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/loop/policy.h"
#include "core/loop/progress.h"
#include "core/loop/stage_settings.h"
#include "core/model/weights.h"
#include "core/train/trainer.h"

namespace ipr::loop {

// An optimizer step and the parts of its loss that the plugin named.
struct OfflineStep {
  train::StepRecord record;
  std::map<std::string, double> parts;
};

struct OfflineJob {
  PluginChoice optimizer;
  std::vector<train::TrainRow> rows;
  const model::Weights* start = nullptr;
  const model::Weights* reference = nullptr;  // for losses that compare; what the start model is by default
  Compute compute;
  std::uint64_t seed = 0;  // order of the rows
};

struct OfflineResult {
  model::Weights weights;
  std::vector<OfflineStep> steps;
  double tokens_per_second = 0;
};

// The training settings that `choice` stands for, with all values checked; Code::kUsage where it trains no policy.
[[nodiscard]] Result<StageSettings> offline_settings(const PluginChoice& choice);

// Trains all epochs. `stop` is polled between steps; then Code::kInterrupted.
[[nodiscard]] Result<OfflineResult> train_offline(OfflineJob job, ProgressLine& progress,
                                                  const std::atomic<bool>& stop);

}  // namespace ipr::loop
