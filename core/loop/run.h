// The whole method: expert -> SFT -> (explore -> score -> pair -> train -> evaluate) x I (ipr-pipeline.md section 9).
//
//   pi_0 = SFT(D);  scorer policy = pi_0, fixed
//   for i = 1..I:   X = explore(pi_{i-1});  scores of what the optimizer wants;  pairs;  pi_i = train(init, reference,
//   pairs)
//                   evaluate pi_i on dev and test;  roll back if dev fell by more than its interval
//   choose the iteration on dev
//
// Everything is recorded in run.db as it happens, so that a killed run goes on (resume.h). Names no environment, scorer
// or optimizer: they come as instances.
#pragma once

#include <atomic>
#include <string>

#include "core/env/environment.h"
#include "core/loop/panel.h"
#include "core/loop/policy.h"
#include "core/loop/progress.h"
#include "core/plugin/instance.h"
#include "core/rollout/dialogue.h"

namespace ipr::loop {

// A scorer or optimizer to be created by the loop, which adds services that only it has (rollouts, metrics).
struct PluginChoice {
  plugin::Manifest manifest;
  Json settings = Json::object();  // complete
  plugin::HostServices services;
  Json train = Json::object();  // overrides of train_defaults: profile, then --set
};

struct RunConfig {
  const env::Environment* environment = nullptr;
  PluginChoice sft, optimizer, scorer;  // sft: the optimizer of the first stage
  std::string model = "mini";           // or a Hugging Face checkpoint folder
  std::string chat_template;            // of a given model; empty: its own
  rollout::ReplyRules replies;          // of evaluations, explorations and scorers' rollouts
  std::string expert_file;              // empty: the environment's own expert
  std::string start_from;               // folder of a run whose SFT model is taken (start_from.h); empty: it is trained
  std::string scores_from;              // folder of a run whose step scores are taken (taken_scores.h); empty: none
  Compute compute;
  std::int64_t lora = 0;  // rank of the change that is trained to `model`, which stays as it is; 0: all weights
  std::string out;        // the run's folder
  Json resolved = Json::object();  // config.json
  int iterations = 3, max_steps = 0, threads = 1;
  TaskChoice tasks;
  double sft_share = 1;               // of the SFT epochs (quick: a third)
  std::int64_t max_new_tokens = 512;  // of one reply, in evaluations
  std::uint64_t seed = 0;
  bool allow_overlap = false;  // of train, dev and test; else refused (leaks.h)
  // At most this much work is lost when the process is killed: age at which what was played is committed, and at which
  // a training stage is saved. The tests lower both.
  double unit_seconds = 2, save_seconds = 30;
};

// The seed of every episode's environment in a run.
[[nodiscard]] std::uint64_t environment_seed(std::uint64_t run_seed);

// Runs to the end and leaves run.db, config.json, panel.json, checkpoints and certificate.json in `out`. Where `out`
// holds the same run, begun, it goes on with what is recorded and ends with the same results. The caller sees to it
// that no other process works in `out`. `stop` is polled between units of work; then Code::kInterrupted. Code::kData
// where there is no expert, splits overlap (leaks.h), or what the run began with (tasks, checkpoints) has changed.
[[nodiscard]] Status run(const RunConfig& config, ProgressLine& progress, const std::atomic<bool>& stop);

}  // namespace ipr::loop
