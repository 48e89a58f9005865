// The file that a training stage is taken up from (train_checkpoint.h), written while it trains.
#pragma once

#include <chrono>
#include <string>

#include "core/loop/progress.h"
#include "core/train/train_checkpoint.h"

namespace ipr::loop {

class SavedTraining {
 public:
  // `stage` and `total` say which training this is; a file of another one is not read. `seconds`: how old the file may
  // grow.
  SavedTraining(std::string path, std::string stage, std::int64_t total, double seconds);

  // Reads what an earlier process left of this stage, if anything. A damaged file costs the stage its beginning, which
  // is said, and nothing else: the bits are the same.
  Status restore(const model::Weights& init, ProgressLine& progress);

  [[nodiscard]] std::int64_t step() const { return checkpoint_.step; }  // done
  // Log-probs by row under the reference and under the policy as the stage began; the caller fills in the missing ones.
  [[nodiscard]] train::RowLogprobs& reference() { return checkpoint_.reference; }
  [[nodiscard]] train::RowLogprobs& old() { return checkpoint_.old; }
  // Gives the backend weights and state of step(), or `init` at the beginning.
  Status load(train::Backend& backend, const model::Weights& init);

  [[nodiscard]] bool due() const;
  // The stage as it stands after `step` steps. At 0 the backend is not asked: there are log-probs to compare with only.
  Status save(const train::Backend& backend, std::int64_t step);
  // When the stage is in the record.
  static void remove(const std::string& path);

 private:
  void forget_model();
  const std::string path_;
  const double seconds_;
  train::TrainCheckpoint checkpoint_;
  std::chrono::steady_clock::time_point saved_;
};

}  // namespace ipr::loop
