// Conversations as rows for a value head: the value of a turn is the head's at the last token of the agent's message,
// when the history and the message have been read.
//
// Messages are tokenized by the value model's own chat template, in training and in use alike: the agent whose steps
// are scored may have another tokenizer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/loop/policy.h"
#include "core/train/rows.h"

namespace ipr::loop {

// The row of a conversation: its assistant messages are turns 0, 1, …; nothing is marked yet.
[[nodiscard]] train::TrainRow conversation_row(const Speech& speech, const std::vector<text::Message>& messages);

// The step reward of a turn of the row is known, or (NaN) asked for. The row's weight is the number of its marked
// turns.
void mark_turn(train::TrainRow& row, std::int32_t turn, float score);

// The value of a marked turn, from the head's at each token (train::Output::kValue).
[[nodiscard]] double turn_value(const train::TrainRow& row, const std::vector<float>& token_values, std::int32_t turn);

}  // namespace ipr::loop
