#include "core/train/loss_bridge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "core/base/rng.h"
#include "core/plugin/host_services.h"
#include "core/train/batches.h"

namespace ipr::train {

PluginLoss plugin_loss(const ipr_optimizer_v1& table, ipr_self* self, std::string subject, std::uint64_t seed) {
  return [loss = table.loss, self, subject = std::move(subject), seed](ipr_batch& batch) -> Result<double> {
    const plugin::Context context(mix(seed, batch.step));
    plugin::ErrorSlot error;
    double value = 0;
    if (const ipr_status status = loss(self, context.get(), &batch, &value, error.get()); status != IPR_OK) {
      return error.status(status, subject + ": loss of step " + std::to_string(batch.step), Code::kPlugin);
    }
    return value;
  };
}

LossBatch::LossBatch(std::span<const TrainRow* const> rows, const FixedLogprobs& fixed_logps, std::uint64_t step,
                     Output output)
    : rows_(rows), totals_(totals_of(rows)) {
  for (const TrainRow* row : rows) width_ = std::max(width_, row->ids.size());
  const std::size_t cells = rows.size() * width_;
  shape_[0] = static_cast<std::int64_t>(rows.size());
  shape_[1] = static_cast<std::int64_t>(width_);
  mask_.resize(cells);
  output_.resize(cells);
  gradient_.resize(cells);
  turn_.assign(cells, -1);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const TrainRow& row = *rows[r];
    tag_.push_back(row.tag);
    role_.push_back(row.role);
    group_.push_back(row.group);
    weight_.push_back(row.weight);
    outcome_.push_back(row.outcome);
    fill(mask_, r, row.mask);
    if (width_ > 0) mask_[r * width_] = 0;  // the first token has no output
    std::copy(row.turn.begin(), row.turn.end(), turn_.begin() + static_cast<std::ptrdiff_t>(r * width_));
  }
  mask_tensor_ = tensor_of(mask_.data(), shape_, false);
  turn_tensor_ = tensor_of(turn_.data(), shape_, true);
  output_tensor_ = tensor_of(output_.data(), shape_, false);
  gradient_tensor_ = tensor_of(gradient_.data(), shape_, false);
  batch_.struct_size = sizeof batch_;
  batch_.step = step;
  batch_.rows = rows.size();
  batch_.tokens = width_;
  batch_.tag = tag_.data();
  batch_.role = role_.data();
  batch_.group = group_.data();
  batch_.weight = weight_.data();
  batch_.outcome = outcome_.data();
  batch_.mask = &mask_tensor_;
  batch_.turn = &turn_tensor_;
  batch_.ref_logp = fixed(fixed_logps.reference, ref_logp_, ref_logp_tensor_);
  batch_.old_logp = fixed(fixed_logps.old, old_logp_, old_logp_tensor_);
  if (output == Output::kLogp) {
    batch_.logp = &output_tensor_;
    batch_.d_logp = &gradient_tensor_;
  } else {
    fill_turn_scores();
    batch_.value = &output_tensor_;
    batch_.turn_score = &turn_score_tensor_;
    batch_.d_value = &gradient_tensor_;
  }
  batch_.totals = totals_.data();
  batch_.total_count = totals_.size();
}

const ipr_tensor* LossBatch::fixed(std::span<const std::vector<float>* const> rows, std::vector<float>& padded,
                                   ipr_tensor& tensor) {
  if (rows.empty()) return nullptr;
  padded.resize(rows_.size() * width_);
  for (std::size_t r = 0; r < rows_.size(); ++r) fill(padded, r, *rows[r]);
  tensor = tensor_of(padded.data(), shape_, false);
  return &tensor;
}

void LossBatch::fill_turn_scores() {
  std::size_t turns = 0;
  for (const TrainRow* row : rows_) turns = std::max(turns, row->turn_score.size());
  turn_score_.assign(rows_.size() * turns, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    const std::vector<float>& scores = rows_[r]->turn_score;
    std::copy(scores.begin(), scores.end(), turn_score_.begin() + static_cast<std::ptrdiff_t>(r * turns));
  }
  turn_shape_[0] = shape_[0];
  turn_shape_[1] = static_cast<std::int64_t>(turns);
  turn_score_tensor_ = tensor_of(turn_score_.data(), turn_shape_, false);
}

ipr_tensor LossBatch::tensor_of(void* values, const std::int64_t* shape, bool integers) {
  ipr_tensor tensor{};
  tensor.data = values;
  tensor.device_type = 1;  // CPU
  tensor.ndim = 2;
  tensor.type_code = integers ? 0 : 2;
  tensor.type_bits = 32;
  tensor.type_lanes = 1;
  tensor.shape = shape;
  return tensor;
}

void LossBatch::fill(std::vector<float>& padded, std::size_t row, const std::vector<float>& values) const {
  std::copy(values.begin(), values.end(), padded.begin() + static_cast<std::ptrdiff_t>(row * width_));
}

Result<double> LossBatch::run(const PluginLoss& loss, const std::vector<std::vector<float>>& outputs,
                              std::vector<std::vector<float>>& gradient) {
  for (std::size_t r = 0; r < rows_.size(); ++r) fill(output_, r, outputs[r]);
  std::fill(gradient_.begin(), gradient_.end(), 0.0f);
  IPR_ASSIGN(const double value, loss(batch_));
  const bool finite =
      std::isfinite(value) && std::all_of(gradient_.begin(), gradient_.end(), [](float g) { return std::isfinite(g); });
  if (!finite) {
    return plugin_error("optimizer: loss of step " + std::to_string(batch_.step) + " is " + std::to_string(value) +
                        " or has a gradient that is not finite; lower the learning rate, or check the plugin with "
                        "`ipr-host plugin check`");
  }
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t t = 0; t < gradient[r].size(); ++t) {
      const std::size_t cell = r * width_ + t;
      gradient[r][t] = mask_[cell] == 0 ? 0 : gradient_[cell];
    }
  }
  return value;
}

}  // namespace ipr::train
