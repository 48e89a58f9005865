#include "core/loop/engine_gap.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/model/score.h"

namespace ipr::loop {
namespace {

constexpr std::size_t kRows = 8;

}  // namespace

Result<EngineGap> engine_gap(train::Backend& backend, const model::Engine& engine,
                             std::span<const train::TrainRow> rows) {
  std::vector<const train::TrainRow*> chosen;
  std::vector<model::ScoreRequest> requests;
  const std::size_t count = std::min(kRows, rows.size());
  for (std::size_t i = 0; i < count; ++i) {
    const train::TrainRow& row = rows[i * rows.size() / count];
    if (row.ids.size() < 2) continue;
    chosen.push_back(&row);
    requests.push_back({{row.ids.front()}, {row.ids.begin() + 1, row.ids.end()}, 0});
  }
  IPR_ASSIGN(const std::vector<std::vector<float>> trained, backend.logprobs(chosen));
  IPR_ASSIGN(const std::vector<model::ScoreReply> played, model::score_all(engine, requests));
  EngineGap gap;
  for (std::size_t r = 0; r < chosen.size(); ++r) {
    for (std::size_t t = 1; t < chosen[r]->ids.size(); ++t) {
      if (chosen[r]->mask[t] == 0) continue;
      const double difference = std::abs(static_cast<double>(trained[r][t] - played[r].token_logprobs[t - 1]));
      gap.mean += difference;
      gap.largest = std::max(gap.largest, difference);
      ++gap.tokens;
    }
  }
  if (gap.tokens > 0) gap.mean /= static_cast<double>(gap.tokens);
  return gap;
}

}  // namespace ipr::loop
