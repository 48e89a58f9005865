// Training a step-reward model: a checkpoint with a scalar head, fitted to the rewards of scored steps.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/policy.h"
#include "core/loop/progress.h"
#include "core/loop/stage_settings.h"
#include "core/loop/step_data.h"
#include "core/train/trainer.h"

namespace ipr::loop {

struct ValueJob {
  PluginChoice optimizer;  // one that trains values
  const StepData* steps = nullptr;
  model::Weights start;  // with a head
  Compute compute;
  std::uint64_t seed = 0;    // order of the rows
  std::string saved_file;    // what a killed process goes on from; removed at the end
  double save_seconds = 30;  // at most so much work is lost
};

struct FittedValues {
  model::Weights weights;
  std::unique_ptr<train::Backend> backend;  // holds the weights: values() predicts
  train::TrainSettings settings;
  std::int64_t steps = 0;  // of the optimizer, those of earlier processes included
  double last_loss = 0;    // of the last one that ran now
};

// The settings that `choice` stands for, with all values checked; Code::kUsage where it trains no values.
[[nodiscard]] Result<StageSettings> value_settings(const PluginChoice& choice);

// Trains all epochs, from where a saved file of the same training stands. Once `stop` is set it saves and returns
// Code::kInterrupted.
[[nodiscard]] Result<FittedValues> fit_values(ValueJob job, ProgressLine& progress, const std::atomic<bool>& stop);

// The head's values of the steps, in their order.
[[nodiscard]] Result<std::vector<double>> predict_values(train::Backend& backend, const StepData& steps,
                                                         ProgressLine& progress, const std::atomic<bool>& stop);

}  // namespace ipr::loop
