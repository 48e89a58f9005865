// Rows that begin with the same tokens: computed once or twice, the step is the same but for rounding.
#include <cmath>

#include "core/base/rng.h"
#include "core/model/lora.h"
#include "tests/support/catch.h"
#include "tests/train/gradients.h"

using namespace ipr;
using namespace ipr::test;

namespace {

// Three rows that begin with one text, a fourth that goes on where the third has its own tokens, and one of another
// text; scored tokens lie in the common part, at its end and behind it.
std::vector<train::TrainRow> rows_in_common() {
  Rng rng(3);
  const auto text = [&](std::size_t size) {
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < size; ++i) ids.push_back(static_cast<std::int32_t>(rng.below(64)));
    return ids;
  };
  const auto common = text(70), own = text(45);
  const auto row = [&](const std::vector<std::int32_t>& first, const std::vector<std::int32_t>& rest,
                       std::uint64_t group) {
    train::TrainRow out;
    out.ids = first;
    out.ids.insert(out.ids.end(), rest.begin(), rest.end());
    out.group = group;
    for (std::size_t t = 0; t < out.ids.size(); ++t) {
      out.mask.push_back(t % 3 == 0 || t == first.size() || t == first.size() - 1 ? 1.0f : 0.0f);
      out.turn.push_back(-1);
    }
    return out;
  };
  std::vector<train::TrainRow> rows = {row(common, text(30), 0), row(common, text(9), 0), row(common, own, 1)};
  std::vector<std::int32_t> longer = common;
  longer.insert(longer.end(), own.begin(), own.begin() + 40);
  rows.push_back(row(longer, text(12), 1));
  rows.push_back(row(text(33), text(20), 2));
  return rows;
}

double rows_difference(const train::RowLogprobs& a, const train::RowLogprobs& b) {
  double worst = 0;
  for (std::size_t r = 0; r < a.size(); ++r) {
    for (std::size_t t = 0; t < a[r].size(); ++t)
      worst = std::max(worst, static_cast<double>(std::abs(a[r][t] - b[r][t])));
  }
  return worst;
}

void check_shared(const model::Weights& weights, const std::string& dtype, double logp_margin, double margin) {
  const auto rows = rows_in_common();
  const train::BackendOptions once{.dtype = dtype}, twice{.dtype = dtype, .shares = false};
  const auto shared = backend_with(weights, once)->logprobs(pointers_to(rows));
  const auto whole = backend_with(weights, twice)->logprobs(pointers_to(rows));
  REQUIRE(shared.ok());
  REQUIRE(whole.ok());
  CHECK(rows_difference(*shared, *whole) < logp_margin);
  check_same_gradients(gradients_of(weights, rows, once), gradients_of(weights, rows, twice), margin);
}

}  // namespace

TEST_CASE("a step is the same whether what rows have in common is computed once", "[train][torch][units]") {
  // Short heads: our attention. Long ones: LibTorch's, block by block.
  for (const std::int64_t head_dim : {16, 32, 64}) {
    for (const std::int64_t kv_heads : {4, 2}) {
      CAPTURE(head_dim, kv_heads);
      check_shared(small_model(4, kv_heads, head_dim, true), "fp32", 1e-5, 1e-4);
    }
  }
}

TEST_CASE("the same in windowed layers", "[train][torch][units]") {
  for (const std::int64_t head_dim : {16, 64}) {
    model::LlamaConfig config = small_config(4, 2, head_dim, false);
    config.sliding_window = 41;
    check_shared(small_model(config), "fp32", 1e-5, 1e-4);
  }
}

TEST_CASE("the same in bf16, up to its rounding", "[train][torch][units][bf16]") {
  for (const std::int64_t head_dim : {16, 64}) check_shared(small_model(4, 2, head_dim, true), "bf16", 0.05, 0.1);
}

TEST_CASE("the same with rounder products", "[train][torch][units][bf32]") {
  for (const std::int64_t head_dim : {16, 32, 64}) check_shared(small_model(4, 2, head_dim, true), "bf32", 0.05, 0.1);
}

TEST_CASE("the same for LoRA pairs", "[train][torch][units]") {
  model::Weights weights = small_model(4, 2, 16, true);
  weights.lora = model::fresh_lora(weights.config, 4, 3);
  for (auto& [module, pair] : weights.lora->pairs) {
    for (float& value : pair.b.values.edit()) value = 0.05f;
  }
  check_shared(weights, "fp32", 1e-5, 1e-4);
}
