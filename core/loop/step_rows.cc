#include "core/loop/step_rows.h"

#include <limits>

namespace ipr::loop {

train::TrainRow conversation_row(const Speech& speech, const std::vector<text::Message>& messages) {
  train::TrainRow row;
  text::TokenizedChat chat;
  std::int32_t turn = 0;
  for (const text::Message& message : messages) {
    speech.chat_template.append_message(speech.tokenizer, message, chat);
    for (std::size_t i = row.turn.size(); i < chat.ids.size(); ++i) row.turn.push_back(chat.mask[i] != 0 ? turn : -1);
    if (message.role == text::Role::kAssistant) ++turn;
  }
  row.ids = std::move(chat.ids);
  row.mask.assign(row.ids.size(), 0.0F);
  row.weight = 0;
  return row;
}

void mark_turn(train::TrainRow& row, std::int32_t turn, float score) {
  const auto index = static_cast<std::size_t>(turn);
  if (row.turn_score.size() <= index) row.turn_score.resize(index + 1, std::numeric_limits<float>::quiet_NaN());
  row.turn_score[index] = score;
  row.weight += 1;
  for (std::size_t t = 1; t < row.ids.size(); ++t) {
    if (row.turn[t] == turn) row.mask[t] = 1;
  }
}

double turn_value(const train::TrainRow& row, const std::vector<float>& token_values, std::int32_t turn) {
  for (std::size_t t = row.ids.size(); t-- > 1;) {
    if (row.turn[t] == turn && row.mask[t] != 0) return static_cast<double>(token_values[t]);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace ipr::loop
