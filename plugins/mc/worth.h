// What a rollout is worth to the step it was played from.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>

#include "ipr/plugin.hpp"

namespace mc {

class Worth {
 public:
  explicit Worth(const ipr::sdk::Config& config)
      : binary_from_(config.number("binary_from")),
        discount_(config.number("discount")),
        progress_weight_(config.number("progress_weight")) {
    const std::string name = config.text("worth");
    if (name == "binary") kind_ = Kind::kBinary;
    if (name == "discounted") kind_ = Kind::kDiscounted;
    if (name == "progress") kind_ = Kind::kProgress;
  }

  // Of a trajectory to the turn before `keep`: how it ended, and the turns [keep, end) that it took.
  [[nodiscard]] double of(const ipr_trajectory& trajectory, std::size_t keep) const {
    const double outcome = trajectory.outcome;
    switch (kind_) {
      case Kind::kOutcome:
        return outcome;
      case Kind::kBinary:
        return outcome >= binary_from_ ? 1 : 0;
      case Kind::kDiscounted:
        return std::pow(discount_, static_cast<double>(trajectory.turn_count - keep)) * outcome;
      case Kind::kProgress:
        break;
    }
    return (1 - progress_weight_) * outcome + progress_weight_ * last_progress(trajectory, keep);
  }

 private:
  enum class Kind { kOutcome, kBinary, kDiscounted, kProgress };

  // The latest that is known, of turns from the scored one on.
  static double last_progress(const ipr_trajectory& trajectory, std::size_t keep) {
    for (std::size_t turn = trajectory.turn_count; turn + 1 > keep && turn > 0; --turn) {
      if (const double progress = trajectory.turns[turn - 1]->progress; !std::isnan(progress)) return progress;
    }
    throw ipr::sdk::Failure(IPR_FAILED_PRECONDITION,
                            "mc: worth=progress: this environment tells no progress; choose another worth");
  }

  Kind kind_ = Kind::kOutcome;
  double binary_from_, discount_, progress_weight_;
};

}  // namespace mc
