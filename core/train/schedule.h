// How a stage is trained: the settings an optimizer plugin asks for with `train_defaults`, and the learning rate's
// course.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/json.h"
#include "core/train/backend.h"

namespace ipr::train {

enum class Init { kBase, kPrevious, kStart };         // the SFT model, the last iteration's policy, what SFT began with
enum class Reference { kNone, kBase, kPrevious };     // the model whose log-probs the loss compares with
enum class Schedule { kConstant, kCosine, kLinear };  // after the warm-up
enum class BatchUnit { kGroups, kRows, kTokens };     // what `batch` counts
enum class Order { kShuffle, kEmitted };              // of the groups, in every epoch

// The values of abi.md section 7; member names are the JSON keys.
struct TrainSettings {
  Output trains = Output::kLogp;  // JSON: "policy" (log-probs) or "value" (a scalar head, and the model under it)
  Init init = Init::kPrevious;
  Reference reference = Reference::kNone;
  std::int64_t epochs = 3;
  std::int64_t steps = 0;  // above 0: exactly so many optimizer steps, in as many epochs as that takes
  double lr = 3e-6;
  Schedule schedule = Schedule::kConstant;
  double min_lr_rate = 0;  // last learning rate / lr, for cosine and linear
  double warmup = 0;       // below 1: share of all steps, rounded up; else a number of steps
  std::int64_t batch = 48;
  BatchUnit batch_unit = BatchUnit::kGroups;
  double weight_decay = 0;
  double beta1 = 0.9, beta2 = 0.999;  // JSON: "betas": [beta1, beta2]
  double eps = 1e-8;
  double clip = 1;              // global gradient norm; 0: off
  double dropout = 0;           // of the residual branches, in the training forward alone; a new draw in each step
  double observation_loss = 0;  // mask value of the tokens that are not the agent's, in PLAIN rows
  Order order = Order::kShuffle;

  // The settings of one step, but for its dropout_seed.
  [[nodiscard]] StepSettings at_lr(double value) const {
    return {value, beta1, beta2, eps, weight_decay, clip, trains, dropout};
  }
};

// Reads a JSON object; missing keys keep their defaults. `source` names it in errors: Code::kUsage for an unknown key
// (with the nearest known one), a wrong type or a value outside its range.
[[nodiscard]] Result<TrainSettings> train_settings_from_json(const Json& json, const std::string& source);
// Every key with its value: what config.json records. Reading it back gives the same settings.
[[nodiscard]] Json train_settings_to_json(const TrainSettings& settings);

// Steps of warm-up in a stage of `total` steps.
[[nodiscard]] std::int64_t warmup_steps(const TrainSettings& settings, std::int64_t total);

// Learning rate of step `step`, 0 <= step < total. Warm-up rises linearly and reaches lr at its last step, so that no
// step is lost at 0. After it, with p = share of the remaining steps already done:
//   cosine  lr (m + (1 - m) (1 + cos(pi p)) / 2)        linear  lr (m + (1 - m) (1 - p))        m = min_lr_rate
[[nodiscard]] double lr_at(const TrainSettings& settings, std::int64_t step, std::int64_t total);

}  // namespace ipr::train
