// Training of a scalar head, with the model under it.
#include <cmath>

#include "core/base/rng.h"
#include "core/train/train_checkpoint.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/train/gradients.h"

using namespace ipr;
using namespace ipr::test;
using train::Output;
using train::RowLogprobs;
using train::TrainRow;

namespace {

model::Weights with_head(model::Weights weights) {
  Rng rng(3);
  weights.value_head = model::constant_value_head(weights.config, 0.25f);
  for (float& value : weights.value_head->weight.values.edit()) value = static_cast<float>(rng.uniform() - 0.5);
  return weights;
}

// Pairs that change something already.
model::Weights adapted(model::Weights weights) {
  weights.lora = model::fresh_lora(weights.config, 3, 8);
  Rng rng(9);
  for (auto& [module, pair] : weights.lora->pairs) {
    for (float& value : pair.b.values.edit()) value = static_cast<float>(0.2 * (rng.uniform() - 0.5));
  }
  return weights;
}

// Without pairs a frozen base has nothing to train but the head.
model::Weights frozen(model::Weights weights) {
  weights.lora.emplace();
  weights.lora->rank = 1;
  return weights;
}

constexpr train::StepSettings kFit{.lr = 3e-3, .clip = 1, .output = Output::kValue};

// Mean squared error of each row's last scored token from a target of the row's own.
Result<double> squared_error(const std::vector<TrainRow>& rows, const RowLogprobs& values, RowLogprobs& gradient) {
  double loss = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::size_t last = rows[r].mask.size() - 1;
    while (rows[r].mask[last] == 0) --last;
    const double error = static_cast<double>(values[r][last]) - std::sin(static_cast<double>(r));
    loss += error * error / static_cast<double>(rows.size());
    gradient[r][last] = static_cast<float>(2 * error / static_cast<double>(rows.size()));
  }
  return loss;
}

// The last step's loss.
double fit(train::Backend& backend, const std::vector<TrainRow>& rows, int steps) {
  double loss = 0;
  for (int i = 0; i < steps; ++i) {
    const auto stats = backend.step(pointers_to(rows), kFit, [&](const RowLogprobs& values, RowLogprobs& gradient) {
      return squared_error(rows, values, gradient);
    });
    REQUIRE(stats.ok());
    loss = stats->loss;
  }
  return loss;
}

}  // namespace

TEST_CASE("gradients of values agree with finite differences, in the head and under it", "[train][torch][value]") {
  const model::Weights weights = with_head(small_model(4, 2, 16, true));
  for (const bool own : {true, false}) check_finite_differences(weights, {.own_kernels = own}, Output::kValue);
  check_finite_differences(adapted(weights), {}, Output::kValue);
  check_finite_differences(frozen(weights), {}, Output::kValue);
}

TEST_CASE("a value is the head's at the token itself, and 0 where nothing is asked", "[train][torch][value]") {
  // Two models that differ by the head's bias alone differ by it in every value.
  const model::Weights weights = with_head(small_model(4, 2, 16, true));
  model::Weights higher = weights;
  higher.value_head->bias.values.edit()[0] += 1;
  auto rows = random_rows(3, 20, 40);
  const auto values = backend_with(weights)->values(pointers_to(rows));
  const auto raised = backend_with(higher)->values(pointers_to(rows));
  REQUIRE(values.ok());
  REQUIRE(raised.ok());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t t = 0; t < rows[r].ids.size(); ++t) {
      const bool asked = t > 0 && rows[r].mask[t] != 0;
      CHECK((*raised)[r][t] - (*values)[r][t] == Approx(asked ? 1 : 0).margin(1e-5));
    }
  }
  // What follows a token does not change its value; the token itself does.
  rows.resize(1);
  rows[0].mask.assign(rows[0].ids.size(), 1);
  const auto before = backend_with(weights)->values(pointers_to(rows));
  rows[0].ids[10] = (rows[0].ids[10] + 1) % 64;
  const auto after = backend_with(weights)->values(pointers_to(rows));
  REQUIRE(after.ok());
  CHECK((*after)[0][9] == Approx((*before)[0][9]).margin(1e-6));
  CHECK(std::abs((*after)[0][10] - (*before)[0][10]) > 1e-4f);
}

TEST_CASE("a row's values do not depend on its company", "[train][torch][value]") {
  const model::Weights weights = with_head(small_model(4, 2, 16, true));
  const auto rows = random_rows(6, 3, 200);
  const auto backend = backend_with(weights);
  const auto together = backend->values(pointers_to(rows));
  REQUIRE(together.ok());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const TrainRow* const alone[] = {&rows[r]};
    const auto single = backend->values(alone);
    REQUIRE(single.ok());
    CHECK((*single)[0] == (*together)[r]);
  }
}

TEST_CASE("a frozen base is read as the trained weights are", "[train][torch][value]") {
  const model::Weights weights = with_head(small_model(4, 2, 16, true));
  const auto rows = random_rows(3, 20, 40);
  const auto whole = backend_with(weights)->values(pointers_to(rows));
  const auto read = backend_with(frozen(weights))->values(pointers_to(rows));
  REQUIRE(read.ok());
  CHECK(*read == *whole);
}

TEST_CASE("a small model learns the values of a few rows by heart", "[train][torch][value]") {
  model::Weights weights = small_model(4, 2, 16, true);
  weights.value_head = model::constant_value_head(weights.config, 0);
  const auto rows = random_rows(6, 20, 40);
  const auto all = backend_with(weights);
  CHECK(fit(*all, rows, 80) < 1e-3);
  const auto trained_weights = all->weights();
  REQUIRE(trained_weights.ok());
  CHECK(trained_weights->value_head->weight.shape == std::vector<std::int64_t>{1, weights.config.hidden_size});
  const auto pairs = backend_with(adapted(weights));
  CHECK(fit(*pairs, rows, 120) < 1e-2);
}

TEST_CASE("a saved training of values goes on with the same bits", "[train][torch][value]") {
  const TempFolder folder;
  const auto rows = random_rows(5, 20, 80);
  const model::Weights base = with_head(small_model(4, 2, 16, true));
  for (const model::Weights& start : {base, adapted(base)}) {
    const auto through = backend_with(start);
    (void)fit(*through, rows, 3);
    train::TrainCheckpoint saved{.stage = "value", .step = 3, .total = 6};
    saved.weights = *through->weights();
    saved.backend_state = *through->save_state();
    REQUIRE(train::save_train_checkpoint(folder.file("saved"), saved).ok());
    (void)fit(*through, rows, 3);

    const auto found = train::load_train_checkpoint(folder.file("saved"), start);
    REQUIRE(found.ok());
    const auto later = backend_with(found->weights);
    REQUIRE(later->load_state(found->backend_state).ok());
    (void)fit(*later, rows, 3);
    check_close(*through->weights(), *later->weights(), 0);
  }
}

TEST_CASE("values of weights without a head are refused", "[train][torch][value]") {
  const auto rows = random_rows(1, 20, 20);
  const auto values = backend_with(small_model(4, 2, 16, true))->values(pointers_to(rows));
  REQUIRE_FALSE(values.ok());
  CHECK(values.status().message().find("no value head") != std::string::npos);
}
