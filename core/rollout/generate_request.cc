#include "core/rollout/generate_request.h"

#include <algorithm>
#include <string>

namespace ipr::rollout {
namespace {

// How much of a prompt Overflow::kKeepTail keeps; 0 or less: there is no room.
std::int64_t longest_tail(const GenerateRequest& request, const model::LlamaConfig& config) {
  return static_cast<std::int64_t>(context_of(request, config)) - std::max<std::int64_t>(0, request.max_new_tokens) - 1;
}

}  // namespace

std::size_t context_of(const GenerateRequest& request, const model::LlamaConfig& config) {
  const std::int64_t model = config.max_positions;
  return static_cast<std::size_t>(request.context_limit > 0 ? std::min(request.context_limit, model) : model);
}

Status check_request(const GenerateRequest& request, const model::LlamaConfig& config) {
  if (request.prompt.empty()) return usage("generate: the prompt has no tokens; give at least one");
  for (const std::int32_t id : request.prompt) {
    if (id < 0 || id >= config.vocab_size) {
      return usage("generate: prompt token " + std::to_string(id) + " is outside the vocabulary of " +
                   std::to_string(config.vocab_size) + "; was it made by another tokenizer?");
    }
  }
  if (!(request.temperature >= 0))
    return usage("generate: temperature " + std::to_string(request.temperature) + " is below 0");
  if (!(request.top_p > 0)) return usage("generate: top_p " + std::to_string(request.top_p) + " is not above 0");
  if (request.top_k < 0) return usage("generate: top_k " + std::to_string(request.top_k) + " is below 0");
  if (request.overflow == Overflow::kKeepTail && longest_tail(request, config) < 1) {
    return usage("generate: " + std::to_string(request.max_new_tokens) + " new tokens leave no room for a prompt in " +
                 std::to_string(context_of(request, config)) + " positions; ask for fewer");
  }
  return {};
}

void keep_tail(GenerateRequest& request, const model::LlamaConfig& config) {
  if (request.overflow != Overflow::kKeepTail) return;
  const std::int64_t most = longest_tail(request, config);
  const std::int64_t over = static_cast<std::int64_t>(request.prompt.size()) - most;
  if (most > 0 && over > 0) request.prompt.erase(request.prompt.begin(), request.prompt.begin() + over);
}

}  // namespace ipr::rollout
