// The tiny-llama fixture of the shared folder, as rows and weights, and small models of other shapes.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/model/weights.h"
#include "core/train/backend.h"
#include "core/train/trainer.h"

namespace ipr::test {

enum PairTag : std::uint32_t { kOutcomePair = 0, kStepPair = 1 };

// train_golden.json.gz: rows in the order outcome pairs, step pairs; of each pair the chosen row first.
struct TrainGolden {
  Json json;
  std::vector<train::TrainRow> rows;
  [[nodiscard]] std::vector<const train::TrainRow*> pointers() const;
};
// Folder of the fixture, or empty if it is not here.
[[nodiscard]] std::string tiny_llama_folder();
[[nodiscard]] TrainGolden load_train_golden();
// `kind`: "tied" or "untied".
[[nodiscard]] model::Weights load_tiny_llama(const std::string& kind);
// The fixture's reference model: each parameter p[i] + 0.02 sin(0.7 i).
[[nodiscard]] model::Weights reference_of(model::Weights weights);

// The shape of a Llama of two layers, and random weights for such a shape, norms and biases included.
[[nodiscard]] model::LlamaConfig small_config(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim,
                                              bool tied);
[[nodiscard]] model::Weights small_model(const model::LlamaConfig& config);
[[nodiscard]] model::Weights small_model(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim, bool tied);
// `count` rows of random tokens below 64, of different lengths; every third token scored, from the middle on.
[[nodiscard]] std::vector<train::TrainRow> random_rows(std::size_t count, std::size_t shortest, std::size_t longest);
[[nodiscard]] std::vector<const train::TrainRow*> pointers_to(const std::vector<train::TrainRow>& rows);

// A backend that holds `weights`. Fails the test if there is none.
[[nodiscard]] std::unique_ptr<train::Backend> backend_with(const model::Weights& weights,
                                                           const train::BackendOptions& options = {});

[[nodiscard]] double sum(const std::vector<float>& values);

// Compares a trained run with the golden run `name` within the fixture's fp32 tolerances: losses, gradient norms,
// parameters.
class GoldenCheck {
 public:
  GoldenCheck(const Json& run, const std::string& name) : run_(run), name_(name) {}
  void step(train::Backend& backend, std::size_t step, double loss, double grad_norm) const;

 private:
  void parameters(train::Backend& backend, const Json& expected) const;
  const Json& run_;
  std::string name_;
};

}  // namespace ipr::test
