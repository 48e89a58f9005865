#include "core/model/lora.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>

#include "core/model/engine.h"
#include "core/model/packed_lora.h"
#include "core/model/packed_model.h"
#include "tests/model/kv_memory.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::model;

namespace {

// Shared by columns, with all that the families add.
LlamaConfig wide_config() {
  LlamaConfig config = test::odd_config();
  config.hidden_size = 260;
  config.intermediate_size = 520;
  config.head_dim = 40;
  config.qkv_bias = config.output_bias = config.mlp_bias = config.qk_norm = true;
  config.sliding_window = 33;
  return config;
}

std::vector<LlamaConfig> all_configs() {
  std::vector<LlamaConfig> configs = test::family_configs();
  configs.insert(configs.end(), {test::odd_config(), test::mini_config(), wide_config()});
  return configs;
}

// The engine's logits with the change beside those over W + scale B A: equal but for rounding.
void check_as_merged(const Weights& weights) {
  const auto ids = test::random_ids(60, weights.config.vocab_size, 5);
  for (const Kernels* kernels : {available_kernels().front(), available_kernels().back(), &best_kernels(Width::kBf16),
                                 available_kernels(Width::kBf16).back()}) {
    const auto changed = test::logits_alone(CpuEngine(weights, 2, *kernels), ids, ids.size());
    const auto expected = test::logits_alone(CpuEngine(merged(weights), 2), ids, ids.size());
    double largest = 0, difference = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
      difference = std::max(difference, std::abs(static_cast<double>(changed[i] - expected[i])));
    }
    CAPTURE(family_name(weights.config.family), weights.config.hidden_size, kernels->family, largest);
    CHECK(difference < (kernels->width == Width::kF32 ? 1e-5 : 5e-2) * largest);
  }
}

// The pairs of modules whose name ends so.
Lora only(Lora lora, const std::vector<std::string>& endings) {
  std::erase_if(lora.pairs, [&](const auto& pair) {
    return std::none_of(endings.begin(), endings.end(),
                        [&](const std::string& ending) { return pair.first.ends_with(ending); });
  });
  return lora;
}

}  // namespace

TEST_CASE("an engine with a LoRA change computes the merged model, whatever the rank", "[model][lora]") {
  for (const LlamaConfig& config : all_configs()) {
    Weights weights = test::tiny_weights(config, 3);
    for (const std::int64_t rank : {1, 3, 8, 16}) {
      weights.lora = test::tiny_lora(config, rank, 7);
      CAPTURE(rank);
      check_as_merged(weights);
    }
  }
}

TEST_CASE("alpha and rank scale a change, under rsLoRA by the root of the rank", "[model][lora]") {
  Weights weights = test::tiny_weights(test::odd_config(), 3);
  weights.lora = test::tiny_lora(weights.config, 4, 7);
  weights.lora->alpha = 6;
  CHECK(weights.lora->scale() == 1.5);
  check_as_merged(weights);
  weights.lora->rank_stabilized = true;
  CHECK(weights.lora->scale() == 3);
  check_as_merged(weights);
}

TEST_CASE("any subset of the modules may be changed", "[model][lora]") {
  for (const LlamaConfig& config : {test::odd_config(), wide_config()}) {
    Weights weights = test::tiny_weights(config, 3);
    const auto ids = test::random_ids(40, config.vocab_size, 5);
    const auto base = test::logits_alone(CpuEngine(weights, 1), ids, ids.size());
    const Lora all = test::tiny_lora(config, 4, 7);
    for (const std::vector<std::string>& modules :
         std::vector<std::vector<std::string>>{{"q_proj", "v_proj"},
                                               {"k_proj"},
                                               {"o_proj"},
                                               {"gate_proj"},
                                               {"up_proj"},
                                               {"down_proj"},
                                               {"1.self_attn.v_proj", "1.mlp.up_proj"}}) {
      CAPTURE(config.hidden_size, modules);
      weights.lora = only(all, modules);
      check_as_merged(weights);
      CHECK(test::logits_alone(CpuEngine(weights, 1), ids, ids.size()) != base);
    }
  }
}

TEST_CASE("a fresh change changes nothing", "[model][lora]") {
  for (const LlamaConfig& config : all_configs()) {
    Weights weights = test::tiny_weights(config, 3);
    const auto ids = test::random_ids(40, config.vocab_size, 5);
    const auto base = test::logits_alone(CpuEngine(weights, 1), ids, ids.size());
    weights.lora = fresh_lora(config, 16, 1);
    CHECK(test::logits_alone(CpuEngine(weights, 1), ids, ids.size()) == base);
  }
}

TEST_CASE("engines over the same base share its packed form, and no others do", "[model][lora]") {
  const Weights base = test::tiny_weights(test::odd_config(), 3);
  Weights policy = base;
  policy.lora = test::tiny_lora(base.config, 4, 7);
  const CpuEngine reference(base, 1);
  const CpuEngine first(policy, 2);
  policy.lora = test::tiny_lora(base.config, 8, 8);
  const CpuEngine second(policy, 1);
  CHECK(first.shares_base_with(reference));
  CHECK(second.shares_base_with(first));

  CHECK_FALSE(CpuEngine(test::tiny_weights(test::odd_config(), 3), 1).shares_base_with(first));  // equal, not the same
  Weights trained = base;
  trained.tensors.at("model.norm.weight").values.edit()[0] += 1;
  CHECK_FALSE(CpuEngine(trained, 1).shares_base_with(first));
  Weights other_heads = base;  // the same numbers in heads of another size
  other_heads.config.num_heads = 3;
  other_heads.config.num_kv_heads = 1;
  other_heads.config.head_dim = 20;
  CHECK_FALSE(CpuEngine(other_heads, 1).shares_base_with(first));
}

TEST_CASE("weights that are edited after packing are packed anew, also in their old memory", "[model][lora]") {
  Weights weights = test::tiny_weights(test::odd_config(), 3);
  const auto ids = test::random_ids(9, weights.config.vocab_size, 5);
  const CpuEngine before(weights, 1);
  const auto logits = test::logits_alone(before, ids, ids.size());
  Tensor& norm = weights.tensors.at("model.norm.weight");
  const float* const memory = norm.values.data();
  for (float& value : norm.values.edit()) value *= 2;
  CHECK(norm.values.data() == memory);  // nobody else held them
  const CpuEngine after(weights, 1);
  CHECK_FALSE(after.shares_base_with(before));
  CHECK(test::logits_alone(after, ids, ids.size()) != logits);
  CHECK(test::logits_alone(before, ids, ids.size()) == logits);
}

TEST_CASE("a packed base goes with its last engine and leaves the weights alone", "[model][lora]") {
  const Weights weights = test::tiny_weights(test::mini_config(), 3);
  std::weak_ptr<const PackedModel> packed;
  {
    const CpuEngine engine(weights, 1);
    packed = packed_base(weights, Width::kF32);
    CHECK_FALSE(packed.expired());
  }
  CHECK(packed.expired());
}

TEST_CASE("engines made at the same time share one packed base", "[model][lora]") {
  const Weights weights = test::tiny_weights(test::mini_config(), 3);
  std::vector<std::shared_ptr<const PackedModel>> packed(4);
  {
    std::vector<std::jthread> threads;
    for (auto& one : packed) threads.emplace_back([&] { one = packed_base(weights, Width::kF32); });
  }
  for (const auto& one : packed) CHECK(one == packed.front());
}

TEST_CASE("a packed base takes four bytes per weight, and none for the embedding", "[model][lora]") {
  LlamaConfig config = test::mini_config();
  config.hidden_size = 256;
  config.intermediate_size = 512;
  config.head_dim = 64;
  config.vocab_size = 1024;
  config.tie_word_embeddings = false;
  const Weights weights = random_weights(config, 1);
  const std::int64_t packed = config.parameter_count() - config.vocab_size * config.hidden_size;
  CHECK(packed_base(weights, Width::kF32)->bytes() == static_cast<std::size_t>(4 * packed));
  CHECK(packed_base(weights, Width::kF32)
            ->embedding.shares_memory_with(weights.tensors.at("model.embed_tokens.weight").values));
}

TEST_CASE("what an engine takes in memory is known from the config", "[model][lora]") {
  for (const LlamaConfig& config : all_configs()) {
    CAPTURE(family_name(config.family), config.hidden_size);
    const Weights weights = test::tiny_weights(config, 3);
    for (const Width width : {Width::kF32, Width::kBf16}) {
      CHECK(CpuEngine::base_bytes(config, width) == packed_base(weights, width)->bytes());
      for (const std::int64_t rank : {1, 5, 16}) {
        const PackedLora packed(fresh_lora(config, rank, 1), Shape(config, width),
                                static_cast<std::size_t>(config.num_layers));
        CHECK(CpuEngine::change_bytes(config, rank, width) == packed.bytes());
      }
    }
  }
}

TEST_CASE("a base in half precision computes what its numbers in f32 do", "[model][lora]") {
  for (const LlamaConfig& config : {test::odd_config(), wide_config()}) {
    // bf16 numbers: the upper halves of f32.
    Weights stored{config, {}, test::tiny_lora(config, 4, 7)}, expanded = stored;
    for (const auto& [name, tensor] : test::tiny_weights(config, 3).tensors) {
      auto halves = std::make_shared<std::vector<std::uint16_t>>();
      for (const float value : tensor.values)
        halves->push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
      const auto* const bytes = reinterpret_cast<const char*>(halves->data());
      const Values values(ElementType::kBF16, bytes, halves->size(), halves);
      stored.tensors[name] = {tensor.shape, values};
      expanded.tensors[name] = {tensor.shape, values.as_f32()};
    }
    const auto ids = test::random_ids(40, config.vocab_size, 5);
    const CpuEngine engine(stored, 2);
    CHECK(test::logits_alone(engine, ids, 7) == test::logits_alone(CpuEngine(expanded, 1), ids, 40));
  }
}
