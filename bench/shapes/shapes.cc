// Real widths on a small machine: one LoRA training step and one Monte Carlo stage of each model, with few layers and
// random weights, and the memory they took beside what --dry-run says (core/train/memory.h).
//
// Each stage of each model runs in a process of its own, whose peak is then its own.
#include <CLI/CLI.hpp>

#include <iostream>

#include "bench/shapes/models.h"
#include "bench/shapes/stages.h"
#include "bench/support/figures.h"
#include "bench/support/own_process.h"
#include "core/train/memory.h"

namespace ipr::bench {
namespace {

struct Flags {
  std::string model, stage;
  std::int64_t layers = 2, rank = 16;
  Work work;
  bool json = false;
};

struct Measured {
  bool ok = false;
  double seconds = 0;
  std::int64_t peak = 0;  // bytes
};

using Stage = Result<double> (*)(const model::Weights&, const Work&);

Measured run_stage(const model::LlamaConfig& config, const Flags& flags, Stage stage) {
  Measured measured;
  model::Weights weights = random_bf16(config, 1);
  weights.lora = model::fresh_lora(config, flags.rank, 2);
  const Result<double> seconds = stage(weights, flags.work);
  if (!seconds.ok()) {
    std::cerr << seconds.status().message() << "\n";
    return measured;
  }
  measured.ok = true;
  measured.seconds = *seconds;
  measured.peak = peak_memory();
  return measured;
}

Measured stage_in_own_process(const model::LlamaConfig& config, const Flags& flags, Stage stage) {
  return in_own_process([&] { return run_stage(config, flags, stage); }).value_or(Measured{});
}

constexpr double kMiB = 1024.0 * 1024.0;

void add(Figures& figures, const std::string& name, const Measured& measured, std::int64_t estimate) {
  if (!measured.ok) {
    figures.add(name + ": failed", 0, "");
    return;
  }
  figures.add(name + ": time", measured.seconds, "s");
  figures.add(name + ": peak memory", static_cast<double>(measured.peak) / kMiB, "MiB",
              Against{"estimate", static_cast<double>(estimate) / kMiB, 1.1});
}

int measure(const Flags& flags) {
  Figures figures("shapes");
  const Work& work = flags.work;
  const std::int64_t tokens = work.rows * work.row_tokens;
  const train::MemorySetup setup{flags.rank, work.dtype == "bf16", false, 2};
  for (NamedShape shape : real_shapes()) {
    if (!flags.model.empty() && shape.name != flags.model) continue;
    shape.config.num_layers = flags.layers;
    if (flags.stage != "rollouts") {
      const train::TrainMemory memory = train::train_memory(shape.config, setup, tokens, tokens / 2);
      add(figures, shape.name + ", LoRA step", stage_in_own_process(shape.config, flags, train_once),
          memory.host + memory.device());
    }
    if (flags.stage != "training") {
      const std::int64_t kept = work.prompt_tokens + work.samples * work.new_tokens;
      const train::RolloutMemory memory = train::rollout_memory(shape.config, setup, kept, work.prompt_tokens);
      add(figures, shape.name + ", Monte Carlo", stage_in_own_process(shape.config, flags, roll_out),
          memory.host + memory.device());
    }
  }
  figures.print(flags.json);
  return 0;
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  ipr::bench::Flags flags;
  CLI::App app("One LoRA step and one Monte Carlo stage on models of real widths.");
  app.add_option("--model", flags.model, "only this one, e.g. Llama-2-7B");
  app.add_option("--stage", flags.stage, "only this one: training or rollouts");
  app.add_option("--layers", flags.layers, "of each model")->capture_default_str();
  app.add_option("--lora", flags.rank, "rank")->capture_default_str();
  app.add_option("--dtype", flags.work.dtype, "of the training step: fp32 or bf16")->capture_default_str();
  app.add_option("--rows", flags.work.rows, "of the training step")->capture_default_str();
  app.add_option("--row-tokens", flags.work.row_tokens, "of each")->capture_default_str();
  app.add_option("--threads", flags.work.threads, "")->capture_default_str();
  app.add_flag("--json", flags.json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  return ipr::bench::measure(flags);
}
