#include "bench/llm/cases.h"
#include "bench/llm/decoding.h"
#include "bench/llm/make_engine.h"
#include "bench/llm/token_ids.h"
#include "bench/support/figures.h"
#include "core/rollout/generator.h"

namespace ipr::bench {
namespace {

constexpr std::int64_t kPromptTokens = 1000, kSampledTokens = 64;
// Room for the longest of all prompts and samples: nothing is dropped while it is measured.
constexpr std::size_t kKvBudget = std::size_t{4} << 30;

std::vector<rollout::GenerateRequest> make_requests(int samples, Prompts prompts, std::int64_t vocabulary) {
  std::vector<rollout::GenerateRequest> requests(static_cast<std::size_t>(samples));
  for (int i = 0; i < samples; ++i) {
    rollout::GenerateRequest& request = requests[static_cast<std::size_t>(i)];
    request.prompt = token_ids(kPromptTokens, prompts == Prompts::kShared ? 0 : i, vocabulary);
    request.max_new_tokens = kSampledTokens;
    request.seed = static_cast<std::uint64_t>(i);
  }
  return requests;
}

Status ask(rollout::Generator& generator, std::vector<rollout::GenerateRequest> requests) {
  for (const rollout::GenerateReply& reply : rollout::generate_all(generator, std::move(requests)))
    IPR_TRY(reply.status);
  return {};
}

Status ask_all(rollout::Generator& generator, std::vector<rollout::GenerateRequest> requests, Prompts prompts) {
  if (prompts != Prompts::kOneByOne) return ask(generator, std::move(requests));
  for (rollout::GenerateRequest& request : requests) {
    std::vector<rollout::GenerateRequest> one;
    one.push_back(std::move(request));
    IPR_TRY(ask(generator, std::move(one)));
  }
  return {};
}

}  // namespace

Case samples_case(std::string section, std::string shape, int samples, Prompts prompts) {
  const auto measure = [=](const Setup& setup) -> Result<Reading> {
    IPR_ASSIGN(const auto engine, make_engine(setup.weights, setup.threads, setup.width));
    std::vector<double> seconds;
    double computed = 0;
    for (int repeat = 0; repeat < setup.repeats; ++repeat) {
      rollout::Generator generator(*engine, {.kv_budget_bytes = kKvBudget});
      auto requests = make_requests(samples, prompts, engine->config().vocab_size);
      const double began = wall_seconds();
      IPR_TRY(ask_all(generator, std::move(requests), prompts));
      seconds.push_back(wall_seconds() - began);
      computed = static_cast<double>(generator.counters().prompt_tokens_computed);
    }
    Reading reading = reading_of(median(seconds), *engine);
    reading.check = computed;
    return reading;
  };
  return {std::move(section), std::move(shape), "s", "prompt_tokens_computed", measure};
}

}  // namespace ipr::bench
