#include "core/loop/examples.h"

namespace ipr::loop {

train::TrainRow make_row(const Example& example, const rollout::Trajectory& trajectory,
                         const rollout::Dialogue& dialogue, double observation_loss) {
  train::TrainRow row;
  row.tag = example.tag;
  row.role = example.role;
  row.group = example.group;
  row.weight = example.weight;
  row.outcome = trajectory.outcome;
  const float outside = example.role == IPR_ROLE_PLAIN ? static_cast<float>(observation_loss) : 0.0F;
  text::TokenizedChat chat = dialogue.start(trajectory, /*examples=*/false);
  // Tokens appended since the last call belong to `turn`; a reply's own tokens are trained on if the turn is in range.
  const auto close_part = [&](std::int32_t turn, bool trained) {
    for (std::size_t i = row.mask.size(); i < chat.ids.size(); ++i) {
      const bool agent = turn >= 0 && chat.mask[i] != 0;
      row.mask.push_back(agent ? (trained ? 1.0F : 0.0F) : outside);
      row.turn.push_back(agent ? turn : -1);
    }
  };
  close_part(-1, false);
  for (std::size_t t = 0; t < example.last_turn; ++t) {
    dialogue.append_generation_prompt(chat);
    close_part(-1, false);
    dialogue.append_reply(trajectory.turns[t].reply_ids, chat);
    close_part(static_cast<std::int32_t>(t), t >= example.first_turn);
    if (t + 1 < example.last_turn) dialogue.append_observation(trajectory.turns[t].observation, chat);
    close_part(-1, false);
  }
  row.ids = std::move(chat.ids);
  if (!row.mask.empty()) row.mask[0] = 0;  // the first token has no prediction
  return row;
}

Result<std::vector<train::TrainRow>> make_rows(const std::vector<Example>& examples,
                                               const rollout::TrajectoryBook& book, const rollout::Dialogue& dialogue,
                                               double observation_loss) {
  std::vector<train::TrainRow> rows;
  rows.reserve(examples.size());
  for (const Example& example : examples) {
    const auto found = book.find(example.trajectory_id);
    if (found != book.end() && example.last_turn > found->second->turns.size()) {
      return plugin_error("the optimizer emitted turns beyond the end of trajectory " +
                          std::to_string(example.trajectory_id));
    }
    if (found == book.end())
      return plugin_error("the optimizer emitted trajectory " + std::to_string(example.trajectory_id) +
                          ", which is none of the host's");
    rows.push_back(make_row(example, *found->second, dialogue, observation_loss));
  }
  return rows;
}

void cut_rows(std::vector<train::TrainRow>& rows, std::size_t most_tokens) {
  for (train::TrainRow& row : rows) {
    if (row.ids.size() <= most_tokens) continue;
    row.ids.resize(most_tokens);
    row.mask.resize(most_tokens);
    row.turn.resize(most_tokens);
  }
}

}  // namespace ipr::loop
