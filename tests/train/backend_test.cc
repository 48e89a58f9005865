#include <cmath>
#include <limits>

#include "tests/support/catch.h"
#include "tests/train/gradients.h"
#include "tests/train/tiny_llama.h"

using namespace ipr;
using namespace ipr::test;
using train::Backend;
using train::RowLogprobs;
using train::StepSettings;
using train::TrainRow;

TEST_CASE("gradients agree with finite differences, for every parameter", "[train][torch]") {
  for (const bool tied : {false, true}) check_finite_differences(small_model(4, 2, 16, tied), {});
}

TEST_CASE("our kernels and LibTorch's operators give the same gradients", "[train][torch]") {
  const auto rows = random_rows(4, 5, 90);
  struct Shape {
    std::int64_t heads, kv_heads, head_dim;
  };
  for (const Shape shape : {Shape{4, 4, 16}, Shape{4, 2, 16}, Shape{3, 1, 32}, Shape{2, 1, 64}, Shape{2, 2, 8}}) {
    CAPTURE(shape.heads, shape.kv_heads, shape.head_dim);
    const model::Weights weights = small_model(shape.heads, shape.kv_heads, shape.head_dim, true);
    check_same_gradients(gradients_of(weights, rows, {}), gradients_of(weights, rows, {.own_kernels = false}), 2e-4);
  }
}

TEST_CASE("the padding token's embedding takes no gradient from the input", "[train][torch]") {
  auto rows = random_rows(2, 20, 30);
  rows[0].ids[3] = rows[1].ids[2] = 7;
  model::Weights weights = small_model(4, 2, 16, false);
  weights.config.pad_token_id = 7;
  for (const bool own : {true, false}) {
    const auto gradient = gradients_of(weights, rows, {.own_kernels = own}).at("model.embed_tokens.weight");
    const auto row = [&](std::int32_t id) {
      const auto first = gradient.begin() + id * weights.config.hidden_size;
      return norm(std::vector<double>(first, first + weights.config.hidden_size));
    };
    CHECK(row(7) == 0);
    CHECK(row(rows[0].ids[4]) > 0);
  }
}

TEST_CASE("a row's log-probs do not depend on its company or its padding", "[train][torch]") {
  const model::Weights weights = small_model(4, 2, 16, true);
  auto rows = random_rows(6, 3, 200);  // rows of fewer than 16 tokens included
  rows[0].ids.resize(5);
  rows[0].mask.assign(5, 1);
  for (const bool own : {true, false}) {
    const auto backend = backend_with(weights, {.own_kernels = own});
    const auto together = backend->logprobs(pointers_to(rows));
    REQUIRE(together.ok());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const TrainRow* const alone[] = {&rows[r]};
      const auto single = backend->logprobs(alone);
      REQUIRE(single.ok());
      for (std::size_t t = 0; t < rows[r].ids.size(); ++t) {
        CHECK(std::abs((*single)[0][t] - (*together)[r][t]) <= 1e-6f * std::max(1.0f, std::abs((*single)[0][t])));
      }
    }
  }
}

TEST_CASE("log-probs are those of the logits", "[train][torch]") {
  const model::Weights weights = small_model(4, 2, 16, false);
  auto rows = random_rows(1, 30, 30);
  rows[0].mask.assign(30, 1);
  const auto backend = backend_with(weights);
  const auto logits = backend->logits(rows[0].ids);
  const auto logps = backend->logprobs(pointers_to(rows));
  REQUIRE(logits.ok());
  REQUIRE(logps.ok());
  for (std::size_t t = 1; t < 30; ++t) {
    const float* const at = logits->data() + (t - 1) * 64;
    double total = 0;
    for (int v = 0; v < 64; ++v) total += std::exp(static_cast<double>(at[v]));
    CHECK((*logps)[0][t] == Approx(at[rows[0].ids[t]] - std::log(total)).margin(1e-5));
  }
}

TEST_CASE("two passes and micro-batches give the step of one pass", "[train][torch]") {
  const model::Weights weights = small_model(4, 2, 16, true);
  const auto rows = random_rows(7, 20, 80);
  const auto whole = backend_with(weights, {.threads = 1});
  const auto whole_weights = trained(*whole, rows, 3);
  for (const std::int64_t tokens : {1, 100, 200}) {
    for (const int threads : {1, 2, 3}) {
      CAPTURE(tokens, threads);
      const auto pieces = backend_with(weights, {.threads = threads, .tokens_per_pass = tokens});
      check_close(trained(*pieces, rows, 3), whole_weights, 2e-5f);
    }
  }
}

TEST_CASE("two runs give the same bits", "[train][torch]") {
  const model::Weights weights = small_model(4, 2, 16, true);
  const auto rows = random_rows(5, 20, 80);
  const auto first = backend_with(weights), second = backend_with(weights);
  check_close(trained(*first, rows, 5), trained(*second, rows, 5), 0);
}

TEST_CASE("a saved state continues with the same bits", "[train][torch]") {
  const model::Weights weights = small_model(4, 2, 16, false);
  const auto rows = random_rows(5, 20, 80);
  const auto through = backend_with(weights);
  const model::Weights half = trained(*through, rows, 3);
  const auto state = through->save_state();
  REQUIRE(state.ok());
  const model::Weights full = trained(*through, rows, 3);

  const auto resumed = backend_with(half);
  REQUIRE(resumed->load_state(*state).ok());
  check_close(trained(*resumed, rows, 3), full, 0);

  SECTION("setting weights starts the optimizer anew") {
    REQUIRE(through->set_weights(weights).ok());
    check_close(trained(*through, rows, 3), half, 0);
  }
  SECTION("a state of another model, cut off or empty is refused") {
    const auto other = backend_with(small_model(2, 1, 16, false));
    CHECK(other->load_state(*state).code() == Code::kData);
    CHECK(resumed->load_state(state->substr(0, state->size() - 1)).code() == Code::kData);
    CHECK(resumed->load_state("").code() == Code::kData);
  }
}

TEST_CASE("clipping scales the gradient, not what is reported", "[train][torch]") {
  const model::Weights weights = small_model(4, 2, 16, true);
  const auto rows = random_rows(3, 20, 40);
  StepSettings clipped = kPlainDescent;
  clipped.clip = 0.5;
  const auto backend = backend_with(weights);
  const auto stats = backend->step(pointers_to(rows), clipped, weighted_sum);
  REQUIRE(stats.ok());
  const auto after = backend->weights();
  double squares = 0, moved = 0;
  for (const auto& [name, value] : backend->last_grad_norms()) squares += value * value;
  for (const auto& [name, tensor] : after->tensors) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const double change =
          static_cast<double>(tensor.values[i]) - static_cast<double>(weights.tensors.at(name).values[i]);
      moved += change * change;
    }
  }
  CHECK(stats->grad_norm > 1);
  CHECK(std::sqrt(squares) == Approx(stats->grad_norm).epsilon(1e-9));
  CHECK(std::sqrt(moved) == Approx(0.5 * clipped.lr / clipped.eps).epsilon(1e-3));
}

TEST_CASE("a step that is not finite is refused and changes nothing", "[train][torch]") {
  const model::Weights weights = small_model(4, 2, 16, true);
  const auto rows = random_rows(2, 20, 40);
  const auto backend = backend_with(weights);
  const auto stats =
      backend->step(pointers_to(rows), kAdamW, [](const RowLogprobs&, RowLogprobs& d_logp) -> Result<double> {
        d_logp[0].back() = std::numeric_limits<float>::infinity();
        return 1.0;
      });
  CHECK(stats.status().code() == Code::kFailed);
  check_close(*backend->weights(), weights, 0);
  const auto failing = backend->step(pointers_to(rows), kAdamW, [](const RowLogprobs&, RowLogprobs&) -> Result<double> {
    return plugin_error("no loss today");
  });
  CHECK(failing.status().message() == "no loss today");
}

TEST_CASE("rows that the model cannot take are refused by number", "[train][torch]") {
  const auto backend = backend_with(small_model(4, 2, 16, true));
  auto rows = random_rows(2, 20, 20);
  SECTION("token beyond the vocabulary") {
    rows[1].ids[3] = 64;
    CHECK(backend->logprobs(pointers_to(rows)).status().message().find("row 1: token 64") != std::string::npos);
  }
  SECTION("mask of another length") {
    rows[1].mask.pop_back();
    CHECK(backend->logprobs(pointers_to(rows)).status().code() == Code::kData);
  }
  SECTION("longer than the model's positions") {
    rows[0].ids.resize(1025, 0);
    rows[0].mask.resize(1025, 0);
    CHECK(backend->logprobs(pointers_to(rows)).status().message().find("the model takes 1024") != std::string::npos);
  }
}

TEST_CASE("rows without a scored token, and no rows, make an empty step", "[train][torch]") {
  const model::Weights weights = small_model(4, 2, 16, true);
  const auto backend = backend_with(weights);
  auto rows = random_rows(2, 20, 20);
  for (TrainRow& row : rows) row.mask.assign(20, 0);
  rows.emplace_back();  // no tokens at all
  const auto stats = backend->step(pointers_to(rows), kPlainDescent, weighted_sum);
  REQUIRE(stats.ok());
  CHECK(stats->grad_norm == 0);
  REQUIRE(backend->step({}, kPlainDescent, weighted_sum).ok());
  check_close(*backend->weights(), weights, 0);
}

TEST_CASE("a device that is not there is refused", "[train][torch]") {
  CHECK(train::load_backend({.device = "tpu"}).status().code() == Code::kUsage);
  CHECK(train::load_backend({.device = "cuda:x"}).status().code() == Code::kUsage);
  CHECK(train::load_backend({.device = "cuda:999"}).status().code() == Code::kFailed);
  CHECK(train::load_backend({.threads = 0}).status().code() == Code::kUsage);
}

TEST_CASE("calls before set_weights are refused", "[train][torch]") {
  const auto backend = train::load_backend({});
  REQUIRE(backend.ok());
  CHECK_FALSE((*backend)->weights().ok());
  CHECK_FALSE((*backend)->logprobs({}).ok());
  CHECK_FALSE((*backend)->save_state().ok());
  CHECK_FALSE((*backend)->load_state("").ok());
  CHECK((*backend)->last_grad_norms().empty());
}
