// What families add to the plain Llama, in training.
#include "tests/support/catch.h"
#include "tests/train/gradients.h"

using namespace ipr;
using namespace ipr::test;

namespace {

struct Variant {
  const char* name;
  model::LlamaConfig config;
};

std::vector<Variant> variants() {
  std::vector<Variant> all;
  for (const std::int64_t head_dim : {16, 40}) {  // our attention, LibTorch's
    const model::LlamaConfig plain = small_config(4, 2, head_dim, false);
    model::LlamaConfig biased = plain, normed = plain, windowed = plain, scaled = plain;
    biased.qkv_bias = biased.output_bias = biased.mlp_bias = true;
    normed.qk_norm = true;
    windowed.sliding_window = 9;
    windowed.windowed = {false, true};
    scaled.rope_scaling.kind = model::RopeScaling::Kind::kLlama3;
    scaled.rope_scaling.factor = 8;
    scaled.rope_scaling.original_positions = 64;
    all.push_back({"biases", biased});
    all.push_back({"norms on heads", normed});
    all.push_back({"window", windowed});
    all.push_back({"scaled rope", scaled});
  }
  return all;
}

}  // namespace

TEST_CASE("gradients of every family agree with finite differences", "[train][torch]") {
  for (const Variant& variant : variants()) {
    CAPTURE(variant.name, variant.config.head_dim);
    check_finite_differences(small_model(variant.config), {});
  }
}

TEST_CASE("our kernels and LibTorch's operators agree in every family", "[train][torch]") {
  const auto rows = random_rows(4, 5, 90);
  for (const Variant& variant : variants()) {
    CAPTURE(variant.name, variant.config.head_dim);
    const model::Weights weights = small_model(variant.config);
    check_same_gradients(gradients_of(weights, rows, {}), gradients_of(weights, rows, {.own_kernels = false}), 3e-4);
  }
}

TEST_CASE("our kernels mask a window where LibTorch's operators do, at every edge of their blocks", "[train][torch]") {
  const auto rows = random_rows(3, 100, 150);
  model::Weights weights = small_model(4, 2, 32, false);
  for (const std::int64_t window : {2, 7, 8, 31, 32, 33, 64, 100}) {
    CAPTURE(window);
    weights.config.sliding_window = window;
    check_same_gradients(gradients_of(weights, rows, {}), gradients_of(weights, rows, {.own_kernels = false}), 5e-4);
  }
}

TEST_CASE("a window of the row's length is no window, and a shorter one is", "[train][torch]") {
  auto rows = random_rows(1, 70, 70);
  rows[0].mask.assign(70, 1);
  model::Weights weights = small_model(4, 2, 16, false);
  const auto logps = [&](std::int64_t window, bool own) {
    weights.config.sliding_window = window;
    return (*backend_with(weights, {.own_kernels = own})->logprobs(pointers_to(rows)))[0];
  };
  for (const bool own : {true, false}) {
    const auto whole = logps(0, own), same = logps(70, own), shorter = logps(33, own);
    CHECK(same == whole);
    for (std::size_t t = 1; t <= 33; ++t) CHECK(shorter[t] == Approx(whole[t]).margin(1e-5));
    CHECK(std::abs(shorter[69] - whole[69]) > 1e-4f);
  }
}
