// Training of LoRA pairs on a frozen base.
#include <cmath>

#include "core/base/rng.h"
#include "tests/support/catch.h"
#include "tests/train/gradients.h"

using namespace ipr;
using namespace ipr::test;

namespace {

// A model with pairs that change something already.
model::Weights adapted_model(const model::LlamaConfig& config) {
  model::Weights weights = small_model(config);
  weights.lora = model::fresh_lora(config, 3, 8);
  Rng rng(9);
  for (auto& [module, pair] : weights.lora->pairs) {
    for (float& value : pair.b.values.edit()) value = static_cast<float>(0.2 * (rng.uniform() - 0.5));
  }
  return weights;
}

model::Weights adapted_model() {
  return adapted_model(small_config(4, 2, 16, false));
}

double worst_difference(const train::RowLogprobs& a, const train::RowLogprobs& b) {
  double worst = 0;
  for (std::size_t r = 0; r < a.size(); ++r) {
    for (std::size_t t = 0; t < a[r].size(); ++t)
      worst = std::max(worst, std::abs(static_cast<double>(a[r][t]) - static_cast<double>(b[r][t])));
  }
  return worst;
}

}  // namespace

TEST_CASE("gradients of LoRA pairs agree with finite differences", "[train][torch][lora]") {
  model::LlamaConfig rich = small_config(4, 2, 40, true);
  rich.qkv_bias = rich.qk_norm = true;
  for (const model::LlamaConfig& config : {small_config(4, 2, 16, false), rich}) {
    check_finite_differences(adapted_model(config), {});
  }
}

TEST_CASE("modules without a pair stay as they are", "[train][torch][lora]") {
  model::Weights weights = adapted_model();
  std::erase_if(weights.lora->pairs, [](const auto& item) { return !item.first.ends_with("v_proj"); });
  check_finite_differences(weights, {});
}

TEST_CASE("a trained change gives what the merged weights give", "[train][torch][lora]") {
  const auto rows = random_rows(5, 20, 80);
  const auto backend = backend_with(adapted_model());
  const model::Weights after = trained(*backend, rows, 5);
  const auto changed = backend->logprobs(pointers_to(rows));
  const auto merged = backend_with(model::merged(after))->logprobs(pointers_to(rows));
  REQUIRE(changed.ok());
  CHECK(worst_difference(*changed, *merged) < 1e-5);
  CHECK(worst_difference(*backend_with(adapted_model())->logprobs(pointers_to(rows)), *merged) > 1e-3);
}

TEST_CASE("the gradient of a pair is the matrix's own, projected", "[train][torch][lora]") {
  // y = (W + s B A) x: dL/dB = s dL/dW A^T, dL/dA = s B^T dL/dW, with dL/dW at the merged weights.
  const auto rows = random_rows(3, 20, 40);
  const model::Weights weights = adapted_model();
  const Gradients pairs = gradients_of(weights, rows, {});
  const Gradients matrices = gradients_of(model::merged(weights), rows, {});
  const auto rank = static_cast<std::size_t>(weights.lora->rank);
  for (const auto& [module, pair] : weights.lora->pairs) {
    CAPTURE(module);
    const std::vector<double>& matrix = matrices.at(module + ".weight");
    const auto out = static_cast<std::size_t>(pair.b.shape[0]), in = static_cast<std::size_t>(pair.a.shape[1]);
    std::vector<double> d_a = pairs.at(module + ".A"), d_b = pairs.at(module + ".B");
    const double length = norm(d_a) + norm(d_b);
    for (std::size_t r = 0; r < rank; ++r) {
      for (std::size_t o = 0; o < out; ++o) {
        for (std::size_t i = 0; i < in; ++i) {
          const double pull = weights.lora->scale() * matrix[o * in + i];
          d_a[r * in + i] -= pull * static_cast<double>(pair.b.values[o * rank + r]);
          d_b[o * rank + r] -= pull * static_cast<double>(pair.a.values[r * in + i]);
        }
      }
    }
    CHECK(norm(d_a) + norm(d_b) < 1e-3 * length);
  }
}

TEST_CASE("the base is handed back as it was given, not copied", "[train][torch][lora]") {
  const model::Weights weights = adapted_model();
  const auto backend = backend_with(weights);
  const model::Weights after = trained(*backend, random_rows(3, 20, 40), 2);
  REQUIRE(after.tensors.size() == weights.tensors.size());
  for (const auto& [name, tensor] : weights.tensors) {
    CHECK(after.tensors.at(name).values.shares_memory_with(tensor.values));
  }
  REQUIRE(after.lora);
  CHECK(after.lora->rank == 3);
  CHECK(after.lora->alpha == weights.lora->alpha);
  CHECK(after.lora->pairs.size() == weights.lora->pairs.size());
  CHECK(backend->last_grad_norms().size() == 2 * weights.lora->pairs.size());
}

TEST_CASE("a saved state of LoRA pairs continues with the same bits", "[train][torch][lora]") {
  const auto rows = random_rows(5, 20, 80);
  for (const char* dtype : {"fp32", "bf16"}) {
    const train::BackendOptions options{.dtype = dtype};
    const auto through = backend_with(adapted_model(), options);
    const model::Weights half = trained(*through, rows, 3);
    const auto state = through->save_state();
    REQUIRE(state.ok());
    const auto floats = static_cast<std::size_t>(half.lora->parameter_count());
    CHECK(state->size() < 2 * sizeof(float) * (floats + 32 * half.lora->pairs.size()));
    const auto resumed = backend_with(half, options);
    REQUIRE(resumed->load_state(*state).ok());
    check_close(trained(*resumed, rows, 3), trained(*through, rows, 3), 0);
  }
}
