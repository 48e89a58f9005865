// What a Generator is asked for.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/model/config.h"
#include "core/rollout/stop_texts.h"

namespace ipr::rollout {

// What becomes of a prompt that leaves no room for the whole reply within the context.
enum class Overflow {
  kEnd,       // it is used as long as there is room at all; the reply ends where the context does
  kKeepTail,  // only its last `context - max_new_tokens - 1` ids are read: what the original's server did, which so
              // lost the instruction (ipr-pipeline.md section 5)
};

struct GenerateRequest {
  std::vector<std::int32_t> prompt;  // at least one id, all inside the vocabulary
  std::int64_t max_new_tokens = 512;
  double temperature = 1;  // 0: greedy, ties to the lowest id
  double top_p = 1;        // keep the smallest set of most likely ids whose probability reaches top_p; 1: all
  std::int64_t top_k = 0;  // keep the most likely ids, before top_p; 0: all
  std::uint64_t seed = 0;  // token i is drawn with Rng(mix(seed, i)).uniform()
  std::vector<std::int32_t> stop_ids;     // generation ends before any of these; not part of the reply's ids
  const StopTexts* stop_texts = nullptr;  // generation ends behind any of these too; must outlive the request
  std::int64_t context_limit = 0;         // most tokens of prompt + reply; 0: what the model can hold
  Overflow overflow = Overflow::kEnd;
};

// The most tokens of prompt + reply.
[[nodiscard]] std::size_t context_of(const GenerateRequest& request, const model::LlamaConfig& config);

// Code::kUsage says what is wrong with a request.
[[nodiscard]] Status check_request(const GenerateRequest& request, const model::LlamaConfig& config);

// Overflow::kKeepTail, done to the prompt.
void keep_tail(GenerateRequest& request, const model::LlamaConfig& config);

}  // namespace ipr::rollout
