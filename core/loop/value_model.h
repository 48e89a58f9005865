// A model with a scalar head from a checkpoint's folder, to be asked for the values of rows; not to be trained.
//
// One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/loop/policy.h"
#include "core/train/rows.h"

namespace ipr::loop {

class ValueModel {
 public:
  // A folder that `train-scorer` wrote. Its weights are kept once, as they are stored. Code::kData where it is no
  // checkpoint, or one without a head or a tokenizer.
  [[nodiscard]] static Result<std::unique_ptr<ValueModel>> load(const std::string& folder, const Compute& compute);

  // Values of the rows' tokens (train::Output::kValue). A row's do not depend on the others.
  [[nodiscard]] Result<std::vector<std::vector<float>>> values(const std::vector<train::TrainRow>& rows);

  [[nodiscard]] const Speech& speech() const { return *speech_; }
  [[nodiscard]] const std::string& sha256() const { return sha256_; }  // of the weights
  [[nodiscard]] std::int64_t max_positions() const { return max_positions_; }

 private:
  ValueModel() = default;
  std::unique_ptr<Speech> speech_;
  std::unique_ptr<train::Backend> backend_;
  std::string sha256_;
  std::int64_t max_positions_ = 0;
};

}  // namespace ipr::loop
