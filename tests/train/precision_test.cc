// bf16, and layers that are run again: two ways to the same step.
#include <cmath>

#include "core/model/kernels.h"
#include "tests/support/catch.h"
#include "tests/train/gradients.h"

using namespace ipr;
using namespace ipr::test;

namespace {

model::LlamaConfig rich_config() {
  model::LlamaConfig config = small_config(4, 2, 16, false);
  config.qkv_bias = config.output_bias = config.mlp_bias = config.qk_norm = true;
  config.sliding_window = 21;
  return config;
}

double whole_norm(const Gradients& gradients, const Gradients& minus) {
  double squares = 0;
  for (const auto& [name, values] : gradients) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = values[i] - (minus.empty() ? 0.0 : minus.at(name)[i]);
      squares += value * value;
    }
  }
  return std::sqrt(squares);
}

}  // namespace

TEST_CASE("a bf16 step is close to the f32 step", "[train][torch][bf16]") {
  const auto rows = random_rows(4, 20, 90);
  model::Weights plain = small_model(rich_config()), adapted = plain;
  adapted.lora = model::fresh_lora(plain.config, 4, 3);
  for (auto& [module, pair] : adapted.lora->pairs) {
    for (float& value : pair.b.values.edit()) value = 0.05f;
  }
  for (const model::Weights& weights : {plain, adapted}) {
    const auto exact = backend_with(weights)->logprobs(pointers_to(rows));
    const auto rounded = backend_with(weights, {.dtype = "bf16"})->logprobs(pointers_to(rows));
    REQUIRE(rounded.ok());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t t = 0; t < (*exact)[r].size(); ++t) {
        CHECK((*rounded)[r][t] == Approx((*exact)[r][t]).margin(0.15));
      }
    }
    const Gradients steep = gradients_of(weights, rows, {}), near = gradients_of(weights, rows, {.dtype = "bf16"});
    CHECK(whole_norm(steep, near) < 0.05 * whole_norm(steep, {}));
  }
}

TEST_CASE("steps too small for bf16 add up in the masters", "[train][torch][bf16]") {
  const model::Weights weights = small_model(4, 2, 16, false);
  const auto backend = backend_with(weights, {.dtype = "bf16"});
  const auto rows = random_rows(2, 20, 40);
  train::StepSettings tiny = kAdamW;
  tiny.lr = 1e-6;
  for (int i = 0; i < 3; ++i) REQUIRE(backend->step(pointers_to(rows), tiny, weighted_sum).ok());
  const auto after = backend->weights();
  std::size_t moved = 0, all = 0;
  for (const auto& [name, tensor] : after->tensors) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i, ++all) {
      moved += tensor.values[i] != weights.tensors.at(name).values[i] ? 1 : 0;
    }
  }
  CHECK(moved > all / 2);
}

TEST_CASE("layers that are run again in backward give the same bits", "[train][torch]") {
  const auto rows = random_rows(5, 20, 80);
  model::Weights plain = small_model(rich_config()), adapted = small_model(4, 2, 40, true);
  adapted.lora = model::fresh_lora(adapted.config, 4, 3);
  for (const model::Weights& weights : {plain, adapted}) {
    for (const char* dtype : {"fp32", "bf16"}) {
      const auto kept = backend_with(weights, {.dtype = dtype});
      const model::Weights expected = trained(*kept, rows, 3);
      // One byte: every layer; then about one of the two.
      for (const std::int64_t bytes : {std::int64_t{1}, std::int64_t{700'000}}) {
        CAPTURE(dtype, bytes);
        const auto again = backend_with(weights, {.dtype = dtype, .tape_bytes = bytes});
        check_close(trained(*again, rows, 3), expected, 0);
      }
    }
  }
}

TEST_CASE("a bf32 step rounds nothing but the factors of products", "[train][torch]") {
  const auto rows = random_rows(4, 20, 90);
  const model::Weights weights = small_model(rich_config());
  const auto exact = backend_with(weights)->logprobs(pointers_to(rows));
  const auto rounded = backend_with(weights, {.dtype = "bf32"})->logprobs(pointers_to(rows));
  REQUIRE(rounded.ok());
  const double margin = model::multiplies_bf16() ? 0.1 : 1e-4;  // elsewhere it is f32
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t t = 0; t < (*exact)[r].size(); ++t) {
      CHECK((*rounded)[r][t] == Approx((*exact)[r][t]).margin(margin));
    }
  }
  const Gradients steep = gradients_of(weights, rows, {}), near = gradients_of(weights, rows, {.dtype = "bf32"});
  CHECK(whole_norm(steep, near) < 0.05 * whole_norm(steep, {}));
  // A backend that asks for f32 has it again, whatever another one has asked for.
  const auto again = backend_with(weights)->logprobs(pointers_to(rows));
  REQUIRE(again.ok());
  CHECK(*again == *exact);
}

TEST_CASE("an unknown type is refused", "[train][torch]") {
  CHECK(train::load_backend({.dtype = "fp8"}).status().code() == Code::kUsage);
}
