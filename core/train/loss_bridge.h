// Between the trainer's ragged rows and the padded tensors of ipr_batch.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/train/backend.h"
#include "core/train/rows.h"
#include "ipr/plugin.h"

namespace ipr::train {

// What the trainer calls once per optimizer step: returns L and writes its gradient into batch.d_logp or batch.d_value,
// whichever is there, which comes zeroed.
using PluginLoss = std::function<Result<double>(ipr_batch& batch)>;

// The `loss` of an optimizer's table. `self` must outlive the result; `subject` names the plugin in errors; `seed` is
// mixed with the step for the call's context.
[[nodiscard]] PluginLoss plugin_loss(const ipr_optimizer_v1& table, ipr_self* self, std::string subject,
                                     std::uint64_t seed);

// What a loss compares with, the same in all steps of a stage. Empty, or an entry of the row's length for each row.
struct FixedLogprobs {
  std::span<const std::vector<float>*const> reference, old;
};

// One optimizer step's rows as an ipr_batch, padded with zeros (turn: -1) to the longest row. Owns all that the batch
// points to; neither copied nor moved.
class LossBatch {
 public:
  // `output` decides whether the batch has log-probs, or values and turn scores. ref_logp and old_logp are there where
  // `fixed_logps` has them.
  LossBatch(std::span<const TrainRow* const> rows, const FixedLogprobs& fixed_logps, std::uint64_t step,
            Output output = Output::kLogp);
  LossBatch(const LossBatch&) = delete;
  LossBatch& operator=(const LossBatch&) = delete;

  // Copies the outputs in, runs `loss`, copies its gradient out (0 where nothing is scored). Code::kPlugin where the
  // loss or the gradient is not finite.
  [[nodiscard]] Result<double> run(const PluginLoss& loss, const std::vector<std::vector<float>>& outputs,
                                   std::vector<std::vector<float>>& gradient);

 private:
  [[nodiscard]] ipr_tensor tensor_of(void* values, const std::int64_t* shape, bool integers);
  void fill_turn_scores();
  void fill(std::vector<float>& padded, std::size_t row, const std::vector<float>& values) const;
  // The tensor of `rows`, padded into `padded`, or nullptr where there are none.
  const ipr_tensor* fixed(std::span<const std::vector<float>* const> rows, std::vector<float>& padded,
                          ipr_tensor& tensor);

  std::span<const TrainRow* const> rows_;
  std::size_t width_ = 0;
  std::int64_t shape_[2] = {}, turn_shape_[2] = {};
  std::vector<std::uint32_t> tag_, role_;
  std::vector<std::uint64_t> group_;
  std::vector<double> weight_, outcome_;
  std::vector<float> mask_, output_, ref_logp_, old_logp_, gradient_, turn_score_;
  std::vector<std::int32_t> turn_;
  std::vector<ipr_total> totals_;
  ipr_tensor mask_tensor_{}, turn_tensor_{}, output_tensor_{}, ref_logp_tensor_{}, old_logp_tensor_{},
      gradient_tensor_{}, turn_score_tensor_{};
  ipr_batch batch_{};
};

}  // namespace ipr::train
