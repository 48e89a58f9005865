#include <cmath>

#include "bench/llm/cases.h"
#include "bench/llm/token_ids.h"
#include "bench/support/figures.h"
#include "core/train/backend.h"

namespace ipr::bench {
namespace {

constexpr std::size_t kPairs = 2, kRowTokens = 256;
constexpr double kBeta = 0.1;
constexpr train::StepSettings kSettings = {.lr = 1e-5, .clip = 1};

using Logprobs = std::vector<std::vector<float>>;

// Rows of all wins, then rows of all losses.
std::vector<train::TrainRow> make_rows(std::int64_t vocabulary) {
  std::vector<train::TrainRow> rows(2 * kPairs);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    rows[r].ids = token_ids(kRowTokens, static_cast<std::int64_t>(r), vocabulary);
    rows[r].mask.assign(kRowTokens, 0);
    std::fill(rows[r].mask.begin() + kRowTokens / 2 + 1, rows[r].mask.end(), 1.0f);
  }
  return rows;
}

double sum(const std::vector<float>& values) {
  double total = 0;
  for (const float value : values) total += static_cast<double>(value);
  return total;
}

void fill_scored(std::vector<float>& d_logp, double value) {
  std::fill(d_logp.begin() + kRowTokens / 2 + 1, d_logp.end(), static_cast<float>(value));
}

// Mean over pairs of -log sigmoid(beta (win - its reference) - beta (lose - its reference)) - win.
double dpo_and_sft(const Logprobs& reference, const Logprobs& logp, Logprobs& d_logp) {
  double loss = 0;
  for (std::size_t p = 0; p < kPairs; ++p) {
    const double win = sum(logp[p]), lose = sum(logp[kPairs + p]);
    const double margin = kBeta * (win - sum(reference[p]) - lose + sum(reference[kPairs + p]));
    const double wrong = 1 / (1 + std::exp(margin));
    loss += (std::log1p(std::exp(-margin)) - win) / kPairs;
    fill_scored(d_logp[p], (-kBeta * wrong - 1) / kPairs);
    fill_scored(d_logp[kPairs + p], kBeta * wrong / kPairs);
  }
  return loss;
}

Result<Reading> measure_steps(const Setup& setup, ReferencePass pass) {
  const std::string dtype = setup.width == "f32" ? "fp32" : setup.width;
  IPR_ASSIGN(const auto backend, train::load_backend({.dtype = dtype, .threads = setup.threads}));
  IPR_TRY(backend->set_weights(setup.weights));
  const std::vector<train::TrainRow> rows = make_rows(setup.weights.config.vocab_size);
  std::vector<const train::TrainRow*> pointers;
  for (const train::TrainRow& row : rows) pointers.push_back(&row);
  IPR_ASSIGN(const Logprobs reference, backend->logprobs(pointers));
  const train::LossFunction loss = [&](const Logprobs& logp, Logprobs& d_logp) -> Result<double> {
    return dpo_and_sft(reference, logp, d_logp);
  };
  IPR_ASSIGN(const train::StepStats first, backend->step(pointers, kSettings, loss));  // memory is touched first
  std::vector<double> seconds;
  for (int repeat = 0; repeat < setup.repeats; ++repeat) {
    const double began = wall_seconds();
    if (pass == ReferencePass::kEachStep) {
      IPR_ASSIGN([[maybe_unused]] const Logprobs again, backend->logprobs(pointers));
    }
    IPR_ASSIGN([[maybe_unused]] const train::StepStats stats, backend->step(pointers, kSettings, loss));
    seconds.push_back(wall_seconds() - began);
  }
  Reading reading;
  reading.value = median(seconds);
  reading.check = first.loss;
  return reading;
}

}  // namespace

Case training_case(std::string section, std::string shape, ReferencePass reference) {
  const auto measure = [=](const Setup& setup) { return measure_steps(setup, reference); };
  return {std::move(section), std::move(shape), "s", "first_loss", measure};
}

}  // namespace ipr::bench
