// Training batches for tests of `loss`: rows with values per token, and the totals of the whole step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "ipr/plugin.h"

namespace ipr::test {

struct Row {
  std::uint32_t tag = 0, role = 0;
  std::uint64_t group = 0;
  double weight = 1;
  std::vector<float> logp, ref, mask;   // equal lengths
  std::vector<std::int32_t> turn = {};  // of each token; empty: turn 0 where the mask is 1, else no turn
  double outcome = 0;
  std::vector<float> old = {};         // under the policy as the stage began; empty: as `ref`
  std::vector<float> turn_score = {};  // for losses of values, which find `logp` as such
};

// Counts of a step: entry tag * 3 + role; a token counts where its mask is 1.
inline std::vector<ipr_total> totals_of(const std::vector<Row>& rows) {
  std::vector<ipr_total> totals;
  for (const Row& row : rows) {
    const std::size_t entry = row.tag * 3 + row.role;
    if (totals.size() <= entry) totals.resize(entry + 1, ipr_total{0, 0, 0, 0});
    ++totals[entry].groups;  // in these tests a group has at most one row of one tag and role
    ++totals[entry].rows;
    totals[entry].tokens += static_cast<std::uint64_t>(std::count(row.mask.begin(), row.mask.end(), 1.0F));
    totals[entry].weight += row.weight;
  }
  return totals;
}

// An ipr_batch of some of a step's rows. `padding`: unused columns between the rows, to exercise strides.
class Batch {
 public:
  Batch(const std::vector<Row>& rows, const std::vector<ipr_total>& totals, std::size_t padding = 0)
      : totals_(totals), columns_(0) {
    for (const Row& row : rows) columns_ = std::max(columns_, row.logp.size());
    const std::size_t stride = columns_ + padding;
    for (auto* values : {&logp_, &ref_, &old_, &mask_, &gradient_}) values->assign(rows.size() * stride, 0.0F);
    turn_.assign(rows.size() * stride, -1);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      tag_.push_back(rows[r].tag);
      role_.push_back(rows[r].role);
      group_.push_back(rows[r].group);
      weight_.push_back(rows[r].weight);
      outcome_.push_back(rows[r].outcome);
      std::copy(rows[r].logp.begin(), rows[r].logp.end(), logp_.begin() + static_cast<std::ptrdiff_t>(r * stride));
      std::copy(rows[r].ref.begin(), rows[r].ref.end(), ref_.begin() + static_cast<std::ptrdiff_t>(r * stride));
      const std::vector<float>& old = rows[r].old.empty() ? rows[r].ref : rows[r].old;
      std::copy(old.begin(), old.end(), old_.begin() + static_cast<std::ptrdiff_t>(r * stride));
      std::copy(rows[r].mask.begin(), rows[r].mask.end(), mask_.begin() + static_cast<std::ptrdiff_t>(r * stride));
      for (std::size_t t = 0; t < rows[r].mask.size(); ++t) {
        const bool agent = rows[r].turn.empty() && rows[r].mask[t] == 1;
        turn_[r * stride + t] = rows[r].turn.empty() ? (agent ? 0 : -1) : rows[r].turn[t];
      }
    }
    shape_[0] = static_cast<std::int64_t>(rows.size());
    shape_[1] = static_cast<std::int64_t>(columns_);
    strides_[0] = static_cast<std::int64_t>(stride);
    strides_[1] = 1;
    logp_tensor_ = tensor(logp_.data(), 2);
    ref_tensor_ = tensor(ref_.data(), 2);
    old_tensor_ = tensor(old_.data(), 2);
    mask_tensor_ = tensor(mask_.data(), 2);
    turn_tensor_ = tensor(turn_.data(), 0);
    gradient_tensor_ = tensor(gradient_.data(), 2);
    batch_.struct_size = sizeof batch_;
    batch_.rows = rows.size();
    batch_.tokens = columns_;
    batch_.tag = tag_.data();
    batch_.role = role_.data();
    batch_.group = group_.data();
    batch_.weight = weight_.data();
    batch_.outcome = outcome_.data();
    batch_.mask = &mask_tensor_;
    batch_.turn = &turn_tensor_;
    batch_.logp = &logp_tensor_;
    batch_.ref_logp = &ref_tensor_;
    batch_.old_logp = &old_tensor_;
    batch_.d_logp = &gradient_tensor_;
    batch_.totals = totals_.data();
    batch_.total_count = totals_.size();
    add_values(rows);
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  [[nodiscard]] ipr_batch& get() { return batch_; }
  [[nodiscard]] float gradient(std::size_t row, std::size_t token) const {
    return gradient_[row * static_cast<std::size_t>(strides_[0]) + token];
  }

 private:
  void add_values(const std::vector<Row>& rows) {
    std::size_t turns = 0;
    for (const Row& row : rows) turns = std::max(turns, row.turn_score.size());
    turn_score_.assign(rows.size() * turns, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t r = 0; r < rows.size(); ++r)
      std::copy(rows[r].turn_score.begin(), rows[r].turn_score.end(),
                turn_score_.begin() + static_cast<std::ptrdiff_t>(r * turns));
    turn_shape_[0] = shape_[0];
    turn_shape_[1] = static_cast<std::int64_t>(turns);
    turn_score_tensor_ = {turn_score_.data(), 1, 0, 2, 2, 32, 1, turn_shape_, nullptr, 0};
    batch_.value = &logp_tensor_;
    batch_.turn_score = &turn_score_tensor_;
    batch_.d_value = &gradient_tensor_;
  }

  ipr_tensor tensor(void* values, std::uint8_t type_code) {
    return {values, 1, 0, 2, type_code, 32, 1, shape_, strides_, 0};
  }

  std::vector<ipr_total> totals_;
  std::size_t columns_;
  std::vector<std::uint32_t> tag_, role_;
  std::vector<std::uint64_t> group_;
  std::vector<double> weight_, outcome_;
  std::vector<float> logp_, ref_, old_, mask_, gradient_;
  std::vector<std::int32_t> turn_;
  std::vector<float> turn_score_;
  std::int64_t shape_[2] = {0, 0}, strides_[2] = {0, 0}, turn_shape_[2] = {0, 0};
  ipr_tensor logp_tensor_{}, ref_tensor_{}, old_tensor_{}, mask_tensor_{}, turn_tensor_{}, gradient_tensor_{},
      turn_score_tensor_{};
  ipr_batch batch_{};
};

}  // namespace ipr::test
