// The backend against the reference implementation: forward and five optimizer steps of the tiny-llama fixture.
#include <cmath>

#include "ipr/plugin.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/train/tiny_llama.h"

using namespace ipr;
using namespace ipr::test;
using train::Backend;
using train::BackendOptions;
using train::RowLogprobs;
using train::TrainRow;

namespace {

// The fixture's three losses, written out once more, on ragged rows: pairs are neighbours, chosen first.
class MixtureLoss {
 public:
  MixtureLoss(std::string variant, const std::vector<TrainRow>& rows, const RowLogprobs& reference)
      : variant_(std::move(variant)), rows_(rows), reference_(reference) {}

  Result<double> operator()(const RowLogprobs& logp, RowLogprobs& d_logp) const {
    double loss = 0;
    for (std::size_t r = 0; r < rows_.size(); r += 2) {
      const double margin = (sum(logp[r]) - sum(reference_[r])) - (sum(logp[r + 1]) - sum(reference_[r + 1]));
      const double share = pair_share(rows_[r].tag), likelihood_share = sft_share(rows_[r].tag);
      loss += share * std::log1p(std::exp(-kBeta * margin)) - likelihood_share * sum(logp[r]);
      const double push = share * kBeta / (1 + std::exp(kBeta * margin));
      add(d_logp[r], rows_[r], -push - likelihood_share);
      add(d_logp[r + 1], rows_[r + 1], push);
    }
    return loss;
  }

 private:
  static constexpr double kBeta = 0.1;

  static void add(std::vector<float>& gradient, const TrainRow& row, double value) {
    for (std::size_t t = 1; t < gradient.size(); ++t)
      gradient[t] += static_cast<float>(value * static_cast<double>(row.mask[t]));
  }
  [[nodiscard]] double pairs(std::uint32_t tag) const {
    double count = 0;
    for (std::size_t r = 0; r < rows_.size(); r += 2) count += rows_[r].tag == tag ? 1 : 0;
    return count;
  }
  [[nodiscard]] double pair_share(std::uint32_t tag) const {
    return variant_ == "ipr_code" ? 2.0 / static_cast<double>(rows_.size()) : 1 / pairs(tag);
  }
  [[nodiscard]] double sft_share(std::uint32_t tag) const {
    if (variant_ == "ipr_code") return 2.0 / static_cast<double>(rows_.size());
    if (tag != kOutcomePair) return 0;
    if (variant_ == "paper_sum") return 1 / pairs(tag);
    double tokens = 0;
    for (std::size_t r = 0; r < rows_.size(); r += 2) tokens += rows_[r].tag == tag ? sum(rows_[r].mask) : 0;
    return 1 / tokens;
  }

  std::string variant_;
  const std::vector<TrainRow>& rows_;
  const RowLogprobs& reference_;
};

train::StepSettings golden_settings(const Json& hyper) {
  return {hyper.at("lr"),  hyper.at("beta1"),        hyper.at("beta2"),
          hyper.at("eps"), hyper.at("weight_decay"), hyper.at("max_grad_norm")};
}

void run_golden(const TrainGolden& golden, const std::string& kind, const std::string& variant,
                const BackendOptions& options) {
  const std::string name = kind + "/" + variant + "/fp32";
  const Json& run = golden.json.at("runs").at(name);
  const model::Weights start = load_tiny_llama(kind);
  const auto rows = golden.pointers();
  const auto reference = backend_with(reference_of(start), options)->logprobs(rows);
  REQUIRE(reference.ok());
  const auto backend = backend_with(start, options);
  const GoldenCheck check(run, name);
  for (std::size_t step = 0; step < run.size(); ++step) {
    const auto stats =
        backend->step(rows, golden_settings(golden.json.at("hyper")), MixtureLoss(variant, golden.rows, *reference));
    REQUIRE(stats.ok());
    check.step(*backend, step, stats->loss, stats->grad_norm);
  }
}

}  // namespace

TEST_CASE("logits and log-probs agree with the reference implementation", "[train][golden]") {
  const std::string folder = tiny_llama_folder();
  if (folder.empty()) return;
  const Json golden = load_json(folder + "/forward_golden.json.gz");
  for (const std::string kind : {"untied", "tied"}) {
    const auto backend = backend_with(load_tiny_llama(kind));
    for (const Json& entry : golden.at("forward").at(kind)) {
      TrainRow row;
      row.ids = entry.at("ids").get<std::vector<std::int32_t>>();
      row.mask.assign(row.ids.size(), 1);
      const auto logits = backend->logits(row.ids);
      REQUIRE(logits.ok());
      const auto expected = entry.at("last_logits").get<std::vector<double>>();
      const std::size_t last = (row.ids.size() - 1) * expected.size();
      double worst = 0, absolute = 0;
      for (std::size_t i = 0; i < expected.size(); ++i)
        worst = std::max(worst, std::abs((*logits)[last + i] - expected[i]));
      for (const float value : *logits) absolute += std::abs(static_cast<double>(value));
      CHECK(worst < 1e-5);
      CHECK(absolute == Approx(entry.at("logits_abs_sum").get<double>()).epsilon(1e-6));
      const TrainRow* const rows[] = {&row};
      const auto logps = backend->logprobs(rows);
      REQUIRE(logps.ok());
      CHECK((*logps)[0][0] == 0);
      const auto wanted = entry.at("token_logprobs").get<std::vector<double>>();
      for (std::size_t t = 1; t < row.ids.size(); ++t) CHECK((*logps)[0][t] == Approx(wanted[t - 1]).margin(1e-5));
    }
  }
}

TEST_CASE("policy and reference log-probs of the training rows agree", "[train][golden]") {
  if (tiny_llama_folder().empty()) return;
  const TrainGolden golden = load_train_golden();
  for (const std::string kind : {"untied", "tied"}) {
    const Json& first = golden.json.at("runs").at(kind + "/paper_sum/fp64").at(0);
    const model::Weights weights = load_tiny_llama(kind);
    for (const std::string model : {"policy", "ref"}) {
      const auto logps = backend_with(model == "ref" ? reference_of(weights) : weights)->logprobs(golden.pointers());
      REQUIRE(logps.ok());
      std::size_t row = 0;
      for (const std::string set : {"o", "s"}) {
        // Chosen sides first, then rejected ones.
        const auto expected = first.at(set + "_" + model + "_logps").get<std::vector<double>>();
        for (std::size_t pair = 0; pair < expected.size() / 2; ++pair, row += 2) {
          CHECK(sum((*logps)[row]) == Approx(expected[pair]).epsilon(1e-6));
          CHECK(sum((*logps)[row + 1]) == Approx(expected[expected.size() / 2 + pair]).epsilon(1e-6));
        }
      }
    }
  }
}

TEST_CASE("five optimizer steps agree with the reference implementation", "[train][golden]") {
  if (tiny_llama_folder().empty()) return;
  const TrainGolden golden = load_train_golden();
  SECTION("one pass") {
    run_golden(golden, "untied", "paper_sum", {});
    run_golden(golden, "tied", "paper_sum", {});
    run_golden(golden, "untied", "token_mean", {});
    run_golden(golden, "untied", "ipr_code", {});
  }
  SECTION("two passes, one thread") {
    run_golden(golden, "tied", "paper_sum", {.threads = 1, .tokens_per_pass = 64});
  }
  SECTION("LibTorch's operators alone, as on a GPU") {
    run_golden(golden, "tied", "paper_sum", {.own_kernels = false});
  }
}
