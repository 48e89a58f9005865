#include "tests/train/tiny_llama.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "core/base/rng.h"
#include "core/model/checkpoint.h"
#include "ipr/plugin.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

namespace ipr::test {
namespace {

void add_pairs(const Json& pairs, PairTag tag, std::vector<train::TrainRow>& rows) {
  for (const Json& pair : pairs) {
    const std::uint64_t group = rows.size();
    for (const char* side : {"chosen", "rejected"}) {
      train::TrainRow row;
      row.ids = pair.at(std::string(side) + "_ids").get<std::vector<std::int32_t>>();
      row.mask = pair.at(std::string(side) + "_mask").get<std::vector<float>>();
      row.turn.assign(row.ids.size(), -1);
      row.tag = tag;
      row.role = side == std::string("chosen") ? IPR_ROLE_CHOSEN : IPR_ROLE_REJECTED;
      row.group = group;
      rows.push_back(std::move(row));
    }
  }
}

}  // namespace

std::vector<const train::TrainRow*> TrainGolden::pointers() const {
  return pointers_to(rows);
}

std::vector<const train::TrainRow*> pointers_to(const std::vector<train::TrainRow>& rows) {
  std::vector<const train::TrainRow*> out;
  for (const train::TrainRow& row : rows) out.push_back(&row);
  return out;
}

std::string tiny_llama_folder() {
  return shared_file("data/tiny-llama");
}

TrainGolden load_train_golden() {
  TrainGolden golden;
  golden.json = load_json(tiny_llama_folder() + "/train_golden.json.gz");
  add_pairs(golden.json.at("outcome_pairs"), kOutcomePair, golden.rows);
  add_pairs(golden.json.at("step_pairs"), kStepPair, golden.rows);
  return golden;
}

model::Weights load_tiny_llama(const std::string& kind) {
  Result<model::Weights> weights = model::load_checkpoint(tiny_llama_folder() + "/" + kind);
  if (!weights.ok()) throw std::runtime_error(weights.status().message());
  return std::move(weights).value();
}

model::Weights reference_of(model::Weights weights) {
  for (auto& [name, tensor] : weights.tensors) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      tensor.values.edit()[i] += static_cast<float>(0.02 * std::sin(0.7 * static_cast<double>(i)));
    }
  }
  return weights;
}

model::LlamaConfig small_config(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim, bool tied) {
  model::LlamaConfig config;
  config.vocab_size = 64;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.num_layers = 2;
  config.num_heads = heads;
  config.num_kv_heads = kv_heads;
  config.head_dim = head_dim;
  config.max_positions = 1024;
  config.tie_word_embeddings = tied;
  return config;
}

model::Weights small_model(const model::LlamaConfig& config) {
  model::Weights weights = model::random_weights(config, 5, 0.2);
  Rng rng(6);
  for (auto& [name, tensor] : weights.tensors) {
    if (tensor.shape.size() > 1) continue;
    const double low = name.ends_with(".bias") ? -0.2 : 0.8;
    for (float& value : tensor.values.edit()) value = static_cast<float>(low + 0.4 * rng.uniform());
  }
  return weights;
}

model::Weights small_model(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim, bool tied) {
  return small_model(small_config(heads, kv_heads, head_dim, tied));
}

std::vector<train::TrainRow> random_rows(std::size_t count, std::size_t shortest, std::size_t longest) {
  Rng rng(7);
  std::vector<train::TrainRow> rows(count);
  for (std::size_t r = 0; r < count; ++r) {
    const std::size_t size = shortest + rng.below(longest - shortest + 1);
    for (std::size_t t = 0; t < size; ++t) {
      rows[r].ids.push_back(static_cast<std::int32_t>(rng.below(64)));
      rows[r].mask.push_back(t >= size / 2 && t % 3 == 0 ? 1.0f : 0.0f);
      rows[r].turn.push_back(-1);
    }
    rows[r].mask.back() = 1;
    rows[r].group = r;
  }
  return rows;
}

std::unique_ptr<train::Backend> backend_with(const model::Weights& weights, const train::BackendOptions& options) {
  Result<std::unique_ptr<train::Backend>> backend = train::load_backend(options);
  if (!backend.ok()) throw std::runtime_error(backend.status().message());
  if (const Status status = (*backend)->set_weights(weights); !status.ok()) throw std::runtime_error(status.message());
  return std::move(backend).value();
}

double sum(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void GoldenCheck::step(train::Backend& backend, std::size_t step, double loss, double grad_norm) const {
  const Json& expected = run_.at(step);
  CAPTURE(name_, step);
  CHECK(loss == Approx(expected.at("total").get<double>()).epsilon(1e-5));
  CHECK(grad_norm == Approx(expected.at("grad_norm").get<double>()).epsilon(1e-5));
  if (expected.contains("grad_norm_per_param")) {
    const std::map<std::string, double> norms = backend.last_grad_norms();
    REQUIRE(norms.size() == expected.at("grad_norm_per_param").size());
    for (const auto& [parameter, norm] : expected.at("grad_norm_per_param").items()) {
      CAPTURE(parameter);
      CHECK(norms.at(parameter) == Approx(norm.get<double>()).epsilon(1e-5));
    }
  }
  if (expected.contains("params_after")) parameters(backend, expected.at("params_after"));
}

void GoldenCheck::parameters(train::Backend& backend, const Json& expected) const {
  const Result<model::Weights> weights = backend.weights();
  REQUIRE(weights.ok());
  for (const auto& [parameter, facts] : expected.items()) {
    CAPTURE(parameter);
    const model::Values& values = weights->tensors.at(parameter).values;
    double total = 0, absolute = 0, square = 0, dot = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = values[i];
      total += value;
      absolute += std::abs(value);
      square += value * value;
      dot += value * std::cos(0.1 * static_cast<double>(i));
    }
    CHECK(absolute == Approx(facts.at("abs_sum").get<double>()).epsilon(2e-6));
    CHECK(square == Approx(facts.at("sq_sum").get<double>()).epsilon(2e-6));
    CHECK(total == Approx(facts.at("sum").get<double>()).margin(2e-4));
    CHECK(dot == Approx(facts.at("dot_cos").get<double>()).margin(2e-4));
    for (std::size_t i = 0; i < 4; ++i) CHECK(values[i] == Approx(facts.at("first4").at(i).get<double>()).margin(3e-6));
  }
}

}  // namespace ipr::test
