// Continuous batching: many token-generation requests share one engine, one KV prefix tree and one thread.
//
// Every engine step carries one decode row for each sequence in flight and prefill rows of those that still read their
// prompt, so a slow sequence never holds up the others and no row is padding. Prompt tokens that the tree already holds
// (earlier turns of the episode, the other samples of a Monte Carlo state, the same prompt again) are not computed
// again: N samples of one prefix cost the prefix once (llm-runtime.md sections 4 and 5).
//
// A reply depends on its request and the weights only: not on the company in the batch, arrival order, options or the
// engine's thread count (product.md section 3, "Same bits"). Weights never change under a Generator: a new policy
// version is a new Engine and a new Generator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/engine.h"
#include "core/rollout/generate_request.h"

namespace ipr::rollout {

struct GeneratorOptions {
  std::int64_t max_rows = 64;           // sequences in flight; later requests wait, first come first served
  std::int64_t max_prefill_rows = 256;  // prompt tokens in one step, beside the decode rows
  // Bound on the KV blocks kept, in bytes. Old prefixes are dropped first; a single sequence that needs more than the
  // whole budget still runs, alone.
  std::size_t kv_budget_bytes = std::size_t{256} << 20;
};

enum class Finish {
  kStop,             // a stop id or a stop string came
  kLength,           // max_new_tokens reached
  kContextOverflow,  // the context limit was reached first (with no ids where the prompt alone is too long)
  kError,            // not run to its end; `status` says why
};

struct GenerateReply {
  std::vector<std::int32_t> ids;  // without the stop id, or those that lie wholly before the stop string
  std::vector<float> logprobs;    // of each id, at temperature 1 over the whole vocabulary
  Finish finish = Finish::kError;
  std::int32_t stop_id = -1;      // the stop id that came, else -1
  float stop_logprob = 0;         // its log-prob, for a policy gradient over the end of turn
  std::string stop_text;          // the stop string that came, else empty
  std::string text;               // where one came: what was said before it, which the ids may be short of
  std::size_t prompt_tokens = 0;  // how long the prompt was that was read
  // kUsage: the request is malformed. kInterrupted: the Generator was destroyed first. kFailed: the engine's device did
  // not run a step; no later request of this Generator will be.
  Status status;
};

// Totals since construction.
struct GeneratorCounters {
  std::uint64_t requests = 0;                // admitted
  std::uint64_t prompt_tokens_asked = 0;     // sum of their prompt lengths
  std::uint64_t prompt_tokens_computed = 0;  // prefill rows that carried a prompt token; the rest came from the tree
  std::uint64_t generated_tokens = 0;        // ids sampled, stop ids included
  std::uint64_t padding_tokens = 0;          // rows that carried no token: 0 by construction
  std::uint64_t steps = 0;                   // calls of Engine::step
  double model_seconds = 0;                  // inside Engine::step
  double idle_seconds = 0;                   // the thread had nothing to do
};

class Generator {
 public:
  // `engine` must outlive the Generator. Starts the thread.
  Generator(const model::Engine& engine, const GeneratorOptions& options);
  // Stops after the running step; what is open gets Finish::kError with Code::kInterrupted, on the generator's thread.
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Queues a request; returns at once. From any thread, also from inside `done`. `done` runs exactly once, on the
  // generator's thread (also for a malformed request), must be quick and must not throw: the batch waits for it.
  void submit(GenerateRequest request, std::function<void(GenerateReply)> done);

  // Any thread.
  [[nodiscard]] GeneratorCounters counters() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

// Submits all and waits: replies in the order of the requests. Not from inside a `done`.
[[nodiscard]] std::vector<GenerateReply> generate_all(Generator& generator, std::vector<GenerateRequest> requests);

}  // namespace ipr::rollout
