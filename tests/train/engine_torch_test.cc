// The engine on LibTorch against the CPU's own, on the CPU: the code that a GPU runs but for its attention call.
#include <algorithm>
#include <cmath>

#include "core/rollout/generator.h"
#include "core/train/device_engine.h"
#include "tests/model/kv_memory.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"

using namespace ipr;

namespace {

std::unique_ptr<model::Engine> torch_engine(const model::Weights& weights, const char* dtype) {
  auto engine = train::load_engine({"cpu", dtype, 2, std::size_t{1} << 20}, weights);
  INFO(engine.status().message());
  REQUIRE(engine.ok());
  return std::move(engine).value();
}

double worst_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return worst;
}

std::vector<model::LlamaConfig> all_configs() {
  std::vector<model::LlamaConfig> configs = test::family_configs();
  configs.push_back(test::odd_config());
  configs.push_back(test::mini_config());
  return configs;
}

// A change that is not the nothing that training begins with.
model::Lora some_lora(const model::LlamaConfig& config, std::int64_t rank) {
  model::Lora lora = model::fresh_lora(config, rank, 3);
  Rng rng(4);
  for (auto& [module, pair] : lora.pairs) {
    for (float& value : pair.b.values.edit()) value = static_cast<float>(0.2 * (rng.uniform() - 0.5));
  }
  return lora;
}

}  // namespace

TEST_CASE("the engine on LibTorch computes what the CPU's own does, prompts in one piece or many", "[train][engine]") {
  for (const model::LlamaConfig& config : all_configs()) {
    const auto weights = test::tiny_weights(config, 3);
    const auto ids = test::random_ids(70, config.vocab_size, 5);
    const auto expected = test::logits_alone(model::CpuEngine(weights, 1), ids, ids.size());
    const auto engine = torch_engine(weights, "fp32");
    for (const std::size_t step : {std::size_t{1}, std::size_t{33}, ids.size()}) {
      CAPTURE(model::family_name(config.family), config.hidden_size, step);
      CHECK(worst_difference(test::logits_alone(*engine, ids, step), expected) < 2e-4);
    }
    CHECK(worst_difference(test::logits_alone(*torch_engine(weights, "bf16"), ids, ids.size()), expected) < 0.5);
  }
}

TEST_CASE("a change to a frozen base runs as the merged weights do", "[train][engine]") {
  for (const model::LlamaConfig& config : all_configs()) {
    auto weights = test::tiny_weights(config, 3);
    weights.lora = some_lora(config, 3);
    const auto ids = test::random_ids(40, config.vocab_size, 5);
    const auto expected = test::logits_alone(model::CpuEngine(model::merged(weights), 1), ids, ids.size());
    CAPTURE(model::family_name(config.family), config.hidden_size);
    CHECK(worst_difference(test::logits_alone(*torch_engine(weights, "fp32"), ids, 16), expected) < 3e-4);
  }
}

TEST_CASE("replies on LibTorch are those of the CPU's own engine, in company and with shared prefixes",
          "[train][engine]") {
  const auto weights = test::tiny_weights(test::mini_config(), 3);
  const model::CpuEngine own(weights, 1);
  const auto engine = torch_engine(weights, "fp32");
  std::vector<rollout::GenerateRequest> requests;
  for (std::size_t i = 0; i < 12; ++i) {
    rollout::GenerateRequest request;
    request.prompt = test::random_ids(40 + i / 4, 96, i / 4);  // four samples of each prompt
    request.max_new_tokens = 24;
    request.seed = i;
    request.temperature = i % 2 == 0 ? 0 : 1;
    requests.push_back(std::move(request));
  }
  rollout::Generator expected_of(own, {}), tested(*engine, {});
  const auto expected = rollout::generate_all(expected_of, requests), replies = rollout::generate_all(tested, requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    CAPTURE(i);
    REQUIRE(replies[i].status.ok());
    CHECK(replies[i].ids == expected[i].ids);
    CHECK(worst_difference(replies[i].logprobs, expected[i].logprobs) < 1e-3);
  }
}

TEST_CASE("an engine for a device that is not there is refused in one line", "[train][engine]") {
  const auto weights = test::tiny_weights(test::mini_config(), 3);
  CHECK(train::load_engine({"tpu", "bf16", 1, 1}, weights).status().code() == Code::kUsage);
  CHECK(train::load_engine({"cpu", "int3", 1, 1}, weights).status().code() == Code::kUsage);
}
