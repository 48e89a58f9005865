// One optimizer step of DPO with SFT on a real model: seconds, tokens per second and peak memory, in f32 and bf16, for
// all weights and for LoRA pairs. Rows and loss are those of ../shared/bench/peers_llm.py, sections dpo_fp32 and
// dpo_bf16: pairs of fixed token ids, the second half of each row scored.
//
// Each variant runs in a process of its own, whose peak is then its own.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "bench/support/figures.h"
#include "core/model/checkpoint.h"
#include "core/model/lora.h"
#include "core/train/backend.h"

namespace ipr::bench {
namespace {

using Logps = std::vector<std::vector<float>>;

struct Flags {
  std::string model;
  std::vector<std::string> dtypes = {"fp32", "bf16"};
  std::vector<std::int64_t> ranks = {0, 16};
  std::int64_t rows = 4, row_tokens = 256;
  int threads = 2, steps = 5;
  bool json = false;
};

struct Variant {
  std::string dtype;
  std::int64_t rank = 0;  // 0: all weights
};

struct Measured {
  bool ok = false;
  double step = 0, processor = 0, reference = 0;  // seconds: medians
  double loss = 0;                                // of the last step
  double peak = 0;                                // MiB
};

std::vector<train::TrainRow> fixed_rows(const Flags& flags, std::int64_t vocab) {
  constexpr std::int64_t kFirst = 17;  // below are special tokens
  std::vector<train::TrainRow> rows(static_cast<std::size_t>(flags.rows));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::uint64_t x = 7 + r;
    for (std::int64_t t = 0; t < flags.row_tokens; ++t) {
      x = (x * 1103515245 + 12345) & 0x7FFFFFFF;
      rows[r].ids.push_back(static_cast<std::int32_t>(kFirst + static_cast<std::int64_t>(x) % (vocab - kFirst)));
      rows[r].mask.push_back(t < flags.row_tokens / 2 ? 0.0f : 1.0f);
    }
  }
  return rows;
}

double sum(const std::vector<float>& values) {
  double total = 0;
  for (const float value : values) total += static_cast<double>(value);
  return total;
}

// mean over the pairs of -log sigmoid(0.1 margin) - log p(chosen); the first half of the rows is chosen.
Result<double> dpo_and_sft(const Logps& reference, const Logps& logp, Logps& d_logp) {
  constexpr double kBeta = 0.1;
  const std::size_t pairs = logp.size() / 2;
  const double share = 1 / static_cast<double>(pairs);
  double loss = 0;
  for (std::size_t i = 0; i < pairs; ++i) {
    const double chosen = sum(logp[i]), rejected = sum(logp[i + pairs]);
    const double margin = kBeta * ((chosen - sum(reference[i])) - (rejected - sum(reference[i + pairs])));
    loss += share * (std::log1p(std::exp(-margin)) - chosen);
    const auto push = static_cast<float>(share * kBeta / (1 + std::exp(margin)));
    std::fill(d_logp[i].begin(), d_logp[i].end(), -push - static_cast<float>(share));
    std::fill(d_logp[i + pairs].begin(), d_logp[i + pairs].end(), push);
  }
  return loss;
}

double peak_mib() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

Result<Measured> train(const Flags& flags, const Variant& variant) {
  IPR_ASSIGN(model::Weights weights, model::load_checkpoint(flags.model));
  if (variant.rank > 0) weights.lora = model::fresh_lora(weights.config, variant.rank, 1);
  const std::vector<train::TrainRow> rows = fixed_rows(flags, weights.config.vocab_size);
  IPR_ASSIGN(const auto backend, train::load_backend({.dtype = variant.dtype, .threads = flags.threads}));
  IPR_TRY(backend->set_weights(weights));
  weights = {};
  std::vector<const train::TrainRow*> pointers;
  for (const train::TrainRow& row : rows) pointers.push_back(&row);
  Measured measured;
  std::vector<double> steps, processor, references;
  for (int i = 0; i <= flags.steps; ++i) {
    double wall = wall_seconds();
    IPR_ASSIGN(const Logps reference, backend->logprobs(pointers));
    const double ref_seconds = wall_seconds() - wall;
    const double busy = process_seconds();
    wall = wall_seconds();
    IPR_ASSIGN(const train::StepStats stats,
               backend->step(pointers, {.lr = 1e-5, .clip = 1},
                             [&](const Logps& logp, Logps& d_logp) { return dpo_and_sft(reference, logp, d_logp); }));
    measured.loss = stats.loss;
    if (i == 0) continue;  // warms up
    references.push_back(ref_seconds);
    steps.push_back(wall_seconds() - wall);
    processor.push_back(process_seconds() - busy);
  }
  measured.ok = true;
  measured.reference = median(references);
  measured.step = median(steps);
  measured.processor = median(processor);
  measured.peak = peak_mib();
  return measured;
}

Measured in_own_process(const Flags& flags, const Variant& variant) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<Measured> result = train(flags, variant);
    if (!result.ok()) std::cerr << result.status().message() << "\n";
    const Measured measured = result.ok() ? *result : Measured{};
    const bool sent = ::write(ends[1], &measured, sizeof measured) == sizeof measured;
    ::_exit(sent ? 0 : 1);
  }
  Measured measured;
  ::close(ends[1]);
  if (::read(ends[0], &measured, sizeof measured) != sizeof measured) measured = {};
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return measured;
}

void add(Figures& figures, const Flags& flags, const std::string& name, const Measured& measured) {
  if (!measured.ok) {
    figures.add(name + ": failed", 0, "");
    return;
  }
  figures.add(name + ": step, reference known", measured.step, "s");
  figures.add(name + ": step, reference computed", measured.step + measured.reference, "s");
  figures.add(name + ": processor time of a step", measured.processor, "s");
  figures.add(name + ": tokens per second", static_cast<double>(flags.rows * flags.row_tokens) / measured.step, "1/s");
  figures.add(name + ": peak memory", measured.peak, "MiB");
  figures.add(name + ": loss of the last step", measured.loss, "");
}

int measure(const Flags& flags) {
  Figures figures("train-step");
  for (const std::string& dtype : flags.dtypes) {
    for (const std::int64_t rank : flags.ranks) {
      const std::string name = dtype + (rank == 0 ? ", all weights" : ", LoRA of rank " + std::to_string(rank));
      add(figures, flags, name, in_own_process(flags, {dtype, rank}));
    }
  }
  figures.print(flags.json);
  return 0;
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  ipr::bench::Flags flags;
  CLI::App app("An optimizer step of DPO with SFT on a real model.");
  app.add_option("--model", flags.model, "a model folder or GGUF file")->required();
  app.add_option("--dtype", flags.dtypes, "fp32, bf16 or both")->delimiter(',')->capture_default_str();
  app.add_option("--lora", flags.ranks, "ranks; 0: all weights")->delimiter(',')->capture_default_str();
  app.add_option("--rows", flags.rows, "of a step; the first half of them is chosen")->capture_default_str();
  app.add_option("--row-tokens", flags.row_tokens, "of each; the second half is scored")->capture_default_str();
  app.add_option("--threads", flags.threads, "")->capture_default_str();
  app.add_option("--steps", flags.steps, "after one to warm up")->capture_default_str();
  app.add_flag("--json", flags.json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  return ipr::bench::measure(flags);
}
