// Training rows: token sequences with masks, as the optimizer plugin asked for them.
#pragma once

#include <cstdint>
#include <vector>

namespace ipr::train {

struct TrainRow {
  std::vector<std::int32_t> ids;
  std::vector<float>
      mask;  // 1 on the agent's tokens in the row's turns, `observation_loss` on other tokens of PLAIN rows, else 0
  std::vector<std::int32_t> turn;  // turn of each token; -1 outside the agent's tokens
  std::uint32_t tag = 0;           // which loss term, the plugin's own numbering
  std::uint32_t role = 0;          // IPR_ROLE_*
  std::uint64_t group = 0;         // rows of one group stay in one optimizer step
  double weight = 1;
  double outcome = 0;
  std::vector<float> turn_score;  // step reward known for a turn, NaN for none; may be shorter than the turns are
};

}  // namespace ipr::train
