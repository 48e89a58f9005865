// What the trainer's tests measure: gradients as a step takes them, and finite differences beside them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/train/tiny_llama.h"

namespace ipr::test {

// L = sum of c(row, token) output over scored tokens: coefficients of both signs that nothing cancels.
[[nodiscard]] Result<double> weighted_sum(const train::RowLogprobs& outputs, train::RowLogprobs& gradient);

// With both betas 0 and an eps far above every gradient AdamW is plain gradient descent: p - (lr / eps) g.
inline constexpr train::StepSettings kPlainDescent{.lr = 1e6, .beta1 = 0, .beta2 = 0, .eps = 1e8};
inline constexpr train::StepSettings kAdamW{.lr = 1e-3, .weight_decay = 0.01, .clip = 1};

// What a backend trains, by name: all tensors, or the LoRA pairs where there are some; and the value head.
[[nodiscard]] std::map<std::string, model::Tensor*> trained_tensors(model::Weights& weights);

using Gradients = std::map<std::string, std::vector<double>>;
// Gradients of weighted_sum, read off a step of kPlainDescent.
[[nodiscard]] Gradients gradients_of(const model::Weights& weights, const std::vector<train::TrainRow>& rows,
                                     const train::BackendOptions& options, train::Output output = train::Output::kLogp);
[[nodiscard]] double norm(const std::vector<double>& values);
// Norms of the differences are at most `tolerance` times the gradients' norms.
void check_same_gradients(const Gradients& a, const Gradients& b, double tolerance);
// Every parameter's gradient against the slope of weighted_sum along it.
void check_finite_differences(const model::Weights& weights, const train::BackendOptions& options,
                              train::Output output = train::Output::kLogp);

// All trained tensors within `tolerance` of each other.
void check_close(model::Weights a, model::Weights b, float tolerance);
// Weights after `steps` steps of kAdamW on weighted_sum.
[[nodiscard]] model::Weights trained(train::Backend& backend, const std::vector<train::TrainRow>& rows, int steps);

}  // namespace ipr::test
