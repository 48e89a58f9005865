// From what an optimizer emitted to training rows: token ids, masks and turns.
#pragma once

#include "core/loop/method.h"
#include "core/rollout/dialogue.h"
#include "core/train/rows.h"

namespace ipr::loop {

// The row of one example: the training history (without in-context examples) up to turn `first_turn`, then turns
// [first_turn, last_turn) with the agent's tokens masked in; nothing behind the last reply. `observation_loss` is the
// mask of all other tokens in PLAIN rows (0: none).
[[nodiscard]] train::TrainRow make_row(const Example& example, const rollout::Trajectory& trajectory,
                                       const rollout::Dialogue& dialogue, double observation_loss);

// All rows, in the order of the examples. Code::kPlugin for an unknown trajectory.
[[nodiscard]] Result<std::vector<train::TrainRow>> make_rows(const std::vector<Example>& examples,
                                                             const rollout::TrajectoryBook& book,
                                                             const rollout::Dialogue& dialogue,
                                                             double observation_loss);

// Cuts longer rows on the right, as the published code does: an agent that plays to the end of its context leaves rows
// that a closing mark makes longer than what the model takes.
void cut_rows(std::vector<train::TrainRow>& rows, std::size_t most_tokens);

}  // namespace ipr::loop
