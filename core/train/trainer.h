// One training stage: all epochs of optimizer steps over given rows.
//
// The loss is the optimizer plugin's, the model the backend's; this file knows neither. For equal arguments every step
// is the same, bit by bit, whether the stage runs through or is taken up in the middle.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/train/backend.h"
#include "core/train/loss_bridge.h"
#include "core/train/rows.h"
#include "core/train/schedule.h"

namespace ipr::train {

struct StepRecord {
  std::int64_t step = 0;   // from 0
  std::int64_t total = 0;  // steps of the whole stage
  std::int64_t epoch = 0;
  double loss = 0, grad_norm = 0, lr = 0;
  std::int64_t rows = 0, tokens = 0;  // of this step; tokens: context included
};

struct TrainReport {
  std::vector<StepRecord> steps;  // those that ran now
  std::int64_t tokens = 0;
  double seconds = 0;  // of the steps; without the log-probs that are compared with
};

using RowLogprobs = std::vector<std::vector<float>>;

struct TrainJob {
  std::span<const TrainRow> rows;
  TrainSettings settings;
  std::uint64_t seed = 0;       // order of the rows
  std::int64_t first_step = 0;  // > 0: taken up again; the backend holds weights and state after that many steps

  PluginLoss loss;

  // Log-probs of rows under the reference model. Empty: the loss gets none. Called before the first step, in pieces.
  std::function<Result<RowLogprobs>(std::span<const TrainRow* const> rows)> reference;
  // Reference log-probs by row. Filled from `reference` where empty; taken as they are where not (they do not change
  // while the reference does not). May be null.
  RowLogprobs* ref_logp = nullptr;
  // Log-probs of all rows under the model as the stage began. nullptr: the loss gets none.
  const RowLogprobs* old_logp = nullptr;

  // After each step: progress, metrics, checkpoints. An error ends the stage and is returned.
  std::function<Status(const StepRecord&)> on_step;
  // Set from anywhere: the stage ends before the next step with Code::kInterrupted.
  const std::atomic<bool>* stop = nullptr;
};

// The number of optimizer steps that train() will make of these rows, first_step included.
[[nodiscard]] std::int64_t step_count(std::span<const TrainRow> rows, const TrainSettings& settings,
                                      std::uint64_t seed);

// Runs the stage. No rows: no steps, and no error.
[[nodiscard]] Result<TrainReport> train(Backend& backend, const TrainJob& job);

}  // namespace ipr::train
