// Sequences that are read and continued together by direct calls of the engine, as the peers' low-level interfaces are
// called.
#pragma once

#include <memory>
#include <vector>

#include "core/model/engine.h"

namespace ipr::bench {

class Sequences {
 public:
  // KV memory for `count` sequences of `positions` tokens each. `engine` must outlive the object.
  Sequences(const model::Engine& engine, int count, int positions);

  // Reads the first `tokens` ids of each sequence (token_ids.h) and chooses their next tokens.
  void read_prompts(int tokens);
  // One step: takes the chosen tokens in and chooses the next, each the most likely one.
  void decode();

 private:
  void add_row(std::size_t sequence, std::int32_t token, int position, bool want_logits);
  void step();

  const model::Engine& engine_;
  std::shared_ptr<float> memory_;
  std::vector<std::vector<float*>> blocks_;  // of each sequence
  std::vector<std::int32_t> next_;           // the same
  int length_ = 0;                           // tokens of each sequence that have been read
  // Of the step being put together.
  std::vector<model::Row> rows_;
  std::vector<std::size_t> asking_;  // sequences that get logits, in order
  std::vector<float> logits_;
};

}  // namespace ipr::bench
