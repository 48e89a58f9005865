#include "tests/train/gradients.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/support/catch.h"

namespace ipr::test {
namespace {

double coefficient(std::size_t row, std::size_t token) {
  return std::sin(1.0 + 3.0 * static_cast<double>(row) + static_cast<double>(token));
}

double weighted_sum_at(const model::Weights& weights, const std::vector<train::TrainRow>& rows,
                       const train::BackendOptions& options, train::Output output) {
  const auto backend = backend_with(weights, options);
  const auto outputs =
      output == train::Output::kLogp ? backend->logprobs(pointers_to(rows)) : backend->values(pointers_to(rows));
  REQUIRE(outputs.ok());
  train::RowLogprobs ignored = *outputs;
  return *weighted_sum(*outputs, ignored);
}

}  // namespace

Result<double> weighted_sum(const train::RowLogprobs& outputs, train::RowLogprobs& gradient) {
  double loss = 0;
  for (std::size_t r = 0; r < outputs.size(); ++r) {
    for (std::size_t t = 0; t < outputs[r].size(); ++t) {
      loss += coefficient(r, t) * static_cast<double>(outputs[r][t]);
      gradient[r][t] = static_cast<float>(coefficient(r, t));
    }
  }
  return loss;
}

std::map<std::string, model::Tensor*> trained_tensors(model::Weights& weights) {
  std::map<std::string, model::Tensor*> tensors;
  if (weights.lora) {
    for (auto& [module, pair] : weights.lora->pairs) {
      tensors[module + ".A"] = &pair.a;
      tensors[module + ".B"] = &pair.b;
    }
  } else {
    for (auto& [name, tensor] : weights.tensors) tensors[name] = &tensor;
  }
  if (weights.value_head) {
    tensors[model::kValueWeight] = &weights.value_head->weight;
    tensors[model::kValueBias] = &weights.value_head->bias;
  }
  return tensors;
}

Gradients gradients_of(const model::Weights& weights, const std::vector<train::TrainRow>& rows,
                       const train::BackendOptions& options, train::Output output) {
  const auto backend = backend_with(weights, options);
  train::StepSettings descent = kPlainDescent;
  descent.output = output;
  REQUIRE(backend->step(pointers_to(rows), descent, weighted_sum).ok());
  auto after = backend->weights();
  REQUIRE(after.ok());
  model::Weights before = weights;
  const auto moved = trained_tensors(*after);
  Gradients gradients;
  for (const auto& [name, tensor] : trained_tensors(before)) {
    for (std::size_t i = 0; i < tensor->values.size(); ++i) {
      gradients[name].push_back(
          (static_cast<double>(tensor->values[i]) - static_cast<double>(moved.at(name)->values[i])) *
          kPlainDescent.eps / kPlainDescent.lr);
    }
  }
  return gradients;
}

double norm(const std::vector<double>& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

void check_same_gradients(const Gradients& a, const Gradients& b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (const auto& [name, gradient] : a) {
    CAPTURE(name);
    std::vector<double> difference = gradient;
    for (std::size_t i = 0; i < gradient.size(); ++i) difference[i] -= b.at(name)[i];
    CHECK(norm(difference) <= tolerance * norm(gradient));
  }
}

void check_finite_differences(const model::Weights& weights, const train::BackendOptions& options,
                              train::Output output) {
  const auto rows = random_rows(3, 20, 40);
  for (const auto& [name, gradient] : gradients_of(weights, rows, options, output)) {
    CAPTURE(name);
    // Along the gradient itself the slope is its norm.
    const double length = norm(gradient), step = 2e-3 / length;
    REQUIRE(length > 0);
    model::Weights up = weights, down = weights;
    const std::span<float> higher = trained_tensors(up).at(name)->values.edit();
    const std::span<float> lower = trained_tensors(down).at(name)->values.edit();
    double moved = 0;  // what float really made of the step
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      higher[i] += static_cast<float>(step * gradient[i]);
      lower[i] -= static_cast<float>(step * gradient[i]);
      moved += gradient[i] * (static_cast<double>(higher[i]) - static_cast<double>(lower[i]));
    }
    const double slope =
        (weighted_sum_at(up, rows, options, output) - weighted_sum_at(down, rows, options, output)) / moved;
    CHECK(slope == Approx(1).epsilon(0.02));
  }
}

void check_close(model::Weights a, model::Weights b, float tolerance) {
  const auto others = trained_tensors(b);
  for (const auto& [name, tensor] : trained_tensors(a)) {
    CAPTURE(name);
    const model::Values& other = others.at(name)->values;
    float worst = 0;
    for (std::size_t i = 0; i < other.size(); ++i) worst = std::max(worst, std::abs(tensor->values[i] - other[i]));
    CHECK(worst <= tolerance);
  }
}

model::Weights trained(train::Backend& backend, const std::vector<train::TrainRow>& rows, int steps) {
  for (int i = 0; i < steps; ++i) REQUIRE(backend.step(pointers_to(rows), kAdamW, weighted_sum).ok());
  auto weights = backend.weights();
  REQUIRE(weights.ok());
  return std::move(weights).value();
}

}  // namespace ipr::test
