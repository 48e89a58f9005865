// Teacher-forced scoring: log-probs of given continuations, as `ipr-host model logprobs` prints them.
//
// The numbers are those that generation would meet: the same kernels and sums, bit for bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/model/engine.h"

namespace ipr::model {

struct ScoreRequest {
  std::vector<std::int32_t> prompt_ids;  // at least one
  std::vector<std::int32_t> continuation_ids;
  std::int64_t top = 0;  // how many of the largest logits at the last prompt position to report
};

struct ScoreReply {
  std::vector<float> token_logprobs;     // log p(continuation[i] | prompt, continuation[<i])
  std::vector<std::int32_t> greedy_ids;  // what greedy decoding would say in the place of each continuation token
  double total = 0;                      // sum of token_logprobs
  std::vector<std::int32_t> top_ids;     // descending by logit, ties by id; min(top, vocab) of them
  std::vector<float> top_logits;         // raw
};

// All requests, rows of different requests sharing steps; replies in order. Code::kUsage names the request (0-based)
// whose prompt is empty, whose ids are outside the vocabulary or which is longer than the model can hold.
[[nodiscard]] Result<std::vector<ScoreReply>> score_all(const Engine& engine, std::span<const ScoreRequest> requests);

[[nodiscard]] Result<ScoreReply> score(const Engine& engine, const ScoreRequest& request);

}  // namespace ipr::model
