// Dropout in training: right gradients, the same masks however a step is laid out, and none outside it.
#include <cmath>

#include "core/model/lora.h"
#include "tests/support/catch.h"
#include "tests/train/gradients.h"

using namespace ipr;
using namespace ipr::test;

namespace {

constexpr double kRate = 0.2;

train::StepSettings dropping(std::uint64_t seed, train::StepSettings settings = kPlainDescent) {
  settings.dropout = kRate;
  settings.dropout_seed = seed;
  return settings;
}

// Two rows that begin alike, and one of its own.
std::vector<train::TrainRow> rows_in_common() {
  std::vector<train::TrainRow> rows = random_rows(3, 40, 60);
  std::copy(rows[0].ids.begin(), rows[0].ids.begin() + 25, rows[1].ids.begin());
  rows[1].mask[7] = 1;
  return rows;
}

// The step's loss and the weights after it.
struct Stepped {
  double loss = 0;
  model::Weights weights;
};
Stepped step(const model::Weights& weights, const std::vector<train::TrainRow>& rows,
             const train::StepSettings& settings, const train::BackendOptions& options = {}) {
  const auto backend = backend_with(weights, options);
  const auto stats = backend->step(pointers_to(rows), settings, weighted_sum);
  REQUIRE(stats.ok());
  auto after = backend->weights();
  REQUIRE(after.ok());
  return {stats->loss, std::move(after).value()};
}

// Along the gradient of each parameter, the slope of the loss under the same masks is its norm.
void check_slopes(const model::Weights& weights) {
  const auto rows = rows_in_common();
  model::Weights before = weights;
  Stepped moved = step(weights, rows, dropping(5));
  const auto after = trained_tensors(moved.weights);
  train::StepSettings still = dropping(5);
  still.lr = 0;
  for (const auto& [name, tensor] : trained_tensors(before)) {
    CAPTURE(name);
    std::vector<double> gradient;
    for (std::size_t i = 0; i < tensor->values.size(); ++i) {
      gradient.push_back((static_cast<double>(tensor->values[i]) - static_cast<double>(after.at(name)->values[i])) *
                         kPlainDescent.eps / kPlainDescent.lr);
    }
    const double length = norm(gradient), size = 2e-3 / length;
    REQUIRE(length > 0);
    model::Weights up = weights, down = weights;
    const std::span<float> higher = trained_tensors(up).at(name)->values.edit();
    const std::span<float> lower = trained_tensors(down).at(name)->values.edit();
    double way = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      higher[i] += static_cast<float>(size * gradient[i]);
      lower[i] -= static_cast<float>(size * gradient[i]);
      way += gradient[i] * (static_cast<double>(higher[i]) - static_cast<double>(lower[i]));
    }
    CHECK((step(up, rows, still).loss - step(down, rows, still).loss) / way == Approx(1).epsilon(0.02));
  }
}

}  // namespace

TEST_CASE("gradients under dropout agree with finite differences", "[train][torch][dropout]") {
  check_slopes(small_model(4, 2, 16, true));
  model::Weights adapted = small_model(4, 2, 16, false);
  adapted.lora = model::fresh_lora(adapted.config, 4, 3);
  for (auto& [module, pair] : adapted.lora->pairs) {
    for (float& value : pair.b.values.edit()) value = 0.05f;
  }
  check_slopes(adapted);
}

TEST_CASE("what is dropped follows from the seed and the tokens alone", "[train][torch][dropout]") {
  const model::Weights weights = small_model(4, 2, 16, true);
  const auto rows = rows_in_common();
  const Stepped one = step(weights, rows, dropping(5));
  CHECK(step(weights, rows, dropping(5)).loss == one.loss);
  CHECK(std::abs(step(weights, rows, dropping(6)).loss - one.loss) > 1e-3);
  CHECK(std::abs(step(weights, rows, kPlainDescent).loss - one.loss) > 1e-3);
  // Common tokens computed twice, LibTorch's operators, two passes, one thread, layers run again: rounding at most.
  for (const train::BackendOptions& options :
       {train::BackendOptions{.shares = false}, train::BackendOptions{.own_kernels = false},
        train::BackendOptions{.tokens_per_pass = 64}, train::BackendOptions{.threads = 1},
        train::BackendOptions{.tape_bytes = 1}}) {
    const Stepped other = step(weights, rows, dropping(5), options);
    CHECK(other.loss == Approx(one.loss).epsilon(1e-5));
    check_close(other.weights, one.weights, 1e-4f);
  }
}

TEST_CASE("the mean over many masks is the forward without dropout, nearly", "[train][torch][dropout]") {
  model::Weights weights = small_model(4, 2, 16, true);
  // Small branches: their mean goes through the rest of the model almost linearly.
  for (auto& [name, tensor] : weights.tensors) {
    if (name.find("o_proj") == std::string::npos && name.find("down_proj") == std::string::npos) continue;
    for (float& value : tensor.values.edit()) value *= 0.05f;
  }
  const auto rows = random_rows(2, 30, 30);
  train::StepSettings still = kPlainDescent;
  still.lr = 0;
  const double expected = step(weights, rows, still).loss;
  double sum = 0, squares = 0;
  constexpr int kDraws = 60;
  for (int seed = 0; seed < kDraws; ++seed) {
    const double loss = step(weights, rows, dropping(static_cast<std::uint64_t>(seed), still)).loss;
    sum += loss;
    squares += loss * loss;
  }
  const double mean = sum / kDraws, spread = std::sqrt(squares / kDraws - mean * mean);
  CHECK(spread > 0);
  CHECK(std::abs(mean - expected) < 4 * spread / std::sqrt(double{kDraws}) + 1e-3 * std::abs(expected));
}

TEST_CASE("log-probs that are only read drop nothing, and a model still learns", "[train][torch][dropout]") {
  const model::Weights weights = small_model(4, 2, 16, true);
  const auto rows = random_rows(2, 30, 40);
  const auto backend = backend_with(weights);
  const auto before = backend->logprobs(pointers_to(rows));
  const auto likelihood = [](const train::RowLogprobs& outputs, train::RowLogprobs& gradient) -> Result<double> {
    double loss = 0;
    for (std::size_t r = 0; r < outputs.size(); ++r) {
      for (std::size_t t = 0; t < outputs[r].size(); ++t) {
        loss -= static_cast<double>(outputs[r][t]) / 50;
        gradient[r][t] = -1.0f / 50;
      }
    }
    return loss;
  };
  for (std::uint64_t i = 0; i < 20; ++i) {
    train::StepSettings settings = kAdamW;
    settings.lr = 3e-3;
    REQUIRE(backend->step(pointers_to(rows), dropping(i, settings), likelihood).ok());
  }
  const auto after = backend->logprobs(pointers_to(rows)), again = backend->logprobs(pointers_to(rows));
  REQUIRE(before.ok());
  REQUIRE(after.ok());
  CHECK(*after == *again);
  CHECK(sum((*after)[0]) > sum((*before)[0]) + 1);
}
