#include "core/model/score.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>

#include "core/model/packed.h"
#include "core/model/sampler.h"

namespace ipr::model {
namespace {

// Rows of one step: enough to keep the kernels busy, few enough that the logits of a large vocabulary stay small.
constexpr std::size_t kStepRows = 128;

Status check(const LlamaConfig& config, const ScoreRequest& request, std::size_t index, bool alone) {
  const std::string where = alone ? "request" : "request " + std::to_string(index);
  if (request.prompt_ids.empty()) return usage(where + ": the prompt has no tokens; the first token cannot be scored");
  if (request.top < 0) return usage(where + ": top " + std::to_string(request.top) + " is negative");
  for (const auto* ids : {&request.prompt_ids, &request.continuation_ids}) {
    for (const std::int32_t id : *ids) {
      if (id < 0 || id >= config.vocab_size) {
        return usage(where + ": token id " + std::to_string(id) + " is outside the vocabulary of " +
                     std::to_string(config.vocab_size));
      }
    }
  }
  const auto length = request.prompt_ids.size() + request.continuation_ids.size();
  if (static_cast<std::int64_t>(length) > config.max_positions) {
    return usage(where + ": " + std::to_string(length) + " tokens are more than the model's " +
                 std::to_string(config.max_positions) + "; shorten it");
  }
  return {};
}

void keep_top(std::span<const float> logits, std::int64_t top, ScoreReply& reply) {
  std::vector<std::int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto count = std::min(ids.size(), static_cast<std::size_t>(top));
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(),
                    [&](std::int32_t a, std::int32_t b) {
                      const float la = logits[static_cast<std::size_t>(a)];
                      const float lb = logits[static_cast<std::size_t>(b)];
                      return la != lb ? la > lb : a < b;
                    });
  ids.resize(count);
  for (const std::int32_t id : ids) reply.top_logits.push_back(logits[static_cast<std::size_t>(id)]);
  reply.top_ids = std::move(ids);
}

// KV memory of one sequence.
struct Sequence {
  Sequence(const Engine& engine, std::size_t length) {
    for (std::size_t first = 0; first < length; first += kBlockPositions) {
      memory.push_back(engine.allocate_blocks(1));
      blocks.push_back(memory.back().get());
    }
  }
  std::vector<std::shared_ptr<float>> memory;
  std::vector<float*> blocks;
};

// Collects rows over requests and runs them kStepRows at a time.
class Scorer {
 public:
  Scorer(const Engine& engine, std::span<const ScoreRequest> requests)
      : engine_(engine), requests_(requests), replies_(requests.size()), sequences_(requests.size()) {}

  std::vector<ScoreReply> run() {
    for (std::size_t i = 0; i < requests_.size(); ++i) add(i);
    flush();
    return std::move(replies_);
  }

 private:
  struct Place {
    std::size_t request, position;
  };

  void add(std::size_t index) {
    const ScoreRequest& request = requests_[index];
    const std::size_t prompt = request.prompt_ids.size();
    // The last continuation token predicts nothing that is asked for.
    const std::size_t length = prompt + (request.continuation_ids.empty() ? 0 : request.continuation_ids.size() - 1);
    if (request.continuation_ids.empty() && request.top == 0) return;
    sequences_[index].emplace(engine_, length);
    for (std::size_t p = 0; p < length; ++p) {
      const std::int32_t token = p < prompt ? request.prompt_ids[p] : request.continuation_ids[p - prompt];
      rows_.push_back({token, static_cast<std::int32_t>(p), sequences_[index]->blocks.data(), p + 1 >= prompt});
      places_.push_back({index, p});
      if (rows_.size() == kStepRows) flush();
    }
  }

  void flush() {
    const auto vocab = static_cast<std::size_t>(engine_.config().vocab_size);
    const auto wanted = static_cast<std::size_t>(
        std::count_if(rows_.begin(), rows_.end(), [](const Row& row) { return row.want_logits; }));
    logits_.resize(wanted * vocab);
    engine_.step(rows_, logits_.data());
    std::size_t next = 0;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (rows_[r].want_logits) take(places_[r], std::span(logits_).subspan(next++ * vocab, vocab));
    }
    // A request is done when its last row has run; only the newest may still be open.
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (places_[r].request != places_.back().request) sequences_[places_[r].request].reset();
    }
    rows_.clear();
    places_.clear();
  }

  void take(const Place& place, std::span<const float> logits) {
    const ScoreRequest& request = requests_[place.request];
    ScoreReply& reply = replies_[place.request];
    const std::size_t next = place.position + 1 - request.prompt_ids.size();
    if (next == 0 && request.top > 0) keep_top(logits, request.top, reply);
    if (next >= request.continuation_ids.size()) return;
    const std::int32_t id = request.continuation_ids[next];
    const double logprob =
        static_cast<double>(logits[static_cast<std::size_t>(id)]) - log_sum_exp(engine_.kernels(), logits);
    reply.token_logprobs.push_back(static_cast<float>(logprob));
    reply.greedy_ids.push_back(argmax(engine_.kernels(), logits));
    reply.total += logprob;
  }

  const Engine& engine_;
  const std::span<const ScoreRequest> requests_;
  std::vector<ScoreReply> replies_;
  std::vector<std::optional<Sequence>> sequences_;
  std::vector<Row> rows_;
  std::vector<Place> places_;
  std::vector<float> logits_;
};

}  // namespace

Result<std::vector<ScoreReply>> score_all(const Engine& engine, std::span<const ScoreRequest> requests) {
  const bool alone = requests.size() == 1;
  for (std::size_t i = 0; i < requests.size(); ++i) IPR_TRY(check(engine.config(), requests[i], i, alone));
  return Scorer(engine, requests).run();
}

Result<ScoreReply> score(const Engine& engine, const ScoreRequest& request) {
  IPR_ASSIGN(std::vector<ScoreReply> replies, score_all(engine, std::span(&request, 1)));
  return std::move(replies.front());
}

}  // namespace ipr::model
