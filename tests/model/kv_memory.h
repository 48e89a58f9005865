// KV blocks of one sequence, for tests that call the engine directly.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/model/engine.h"

namespace ipr::test {

class KvMemory {
 public:
  KvMemory(const model::Engine& engine, std::size_t positions) {
    for (std::size_t first = 0; first < positions; first += model::kBlockPositions) {
      memory_.push_back(engine.allocate_blocks(1));
      blocks_.push_back(memory_.back().get());
    }
  }
  [[nodiscard]] float* const* blocks() const { return blocks_.data(); }
  [[nodiscard]] std::vector<float*>& table() { return blocks_; }

 private:
  std::vector<std::shared_ptr<float>> memory_;
  std::vector<float*> blocks_;
};

// Rows for positions [begin, end) of `ids`, all with logits.
inline std::vector<model::Row> rows_of(const std::vector<std::int32_t>& ids, std::size_t begin, std::size_t end,
                                       float* const* blocks) {
  std::vector<model::Row> rows;
  for (std::size_t p = begin; p < end; ++p) rows.push_back({ids[p], static_cast<std::int32_t>(p), blocks, true});
  return rows;
}

// Logits [ids.size()][vocab] of one sequence run alone, `step` positions at a time.
inline std::vector<float> logits_alone(const model::Engine& engine, const std::vector<std::int32_t>& ids,
                                       std::size_t step) {
  const auto vocab = static_cast<std::size_t>(engine.config().vocab_size);
  const KvMemory memory(engine, ids.size());
  std::vector<float> logits(ids.size() * vocab);
  for (std::size_t begin = 0; begin < ids.size(); begin += step) {
    const auto rows = rows_of(ids, begin, std::min(ids.size(), begin + step), memory.blocks());
    engine.step(rows, logits.data() + begin * vocab);
  }
  return logits;
}

}  // namespace ipr::test
